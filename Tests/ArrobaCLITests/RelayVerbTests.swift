import ArrobaCLI
import ArrobaClient
import ArrobaJSON
import ArrobaRelayWire
import Testing

@Suite struct RelayVerbTests {
  private func key(_ last: UInt8) throws -> SSHKey {
    let kind = Array("ssh-ed25519".utf8)
    let blob = [0, 0, 0, UInt8(kind.count)] + kind + [0, 0, 0, 1, last]
    return try #require(SSHKey(line: "ssh-ed25519 \(Base64.encode(blob))"))
  }

  private func entry(_ name: String, _ last: UInt8 = 1) throws -> MachineBook.Entry {
    MachineBook.Entry(
      name: name, relay: "relay://r:1", nameAtRelay: "there", id: "i", user: "me", hostKey: try key(last),
      seenMs: name == "box" ? 5 : nil)
  }

  @Test("The known machines are read back as they were written; what is no such list is none")
  func book() throws {
    var book = MachineBook()
    book.put(try entry("box"))
    book.put(try entry("crate"))
    book.put(try entry("box", 2))
    let second = try key(2)
    #expect(book.entries.map(\.name) == ["box", "crate"] && book.entry("box")?.hostKey == second)
    #expect(MachineBook(json: book.json) == book)
    #expect(MachineBook(json: [:]) == nil && MachineBook(json: ["version": 1, "machines": [[:]]]) == nil)
    let removed = [book.remove("box"), book.remove("box")]
    #expect(removed == [true, false])
  }

  @Test("ssh is told to go by the relay, as the machine's user, and to believe the known key only")
  func configuration() throws {
    var book = MachineBook()
    book.put(try entry("box"))
    #expect(book.knownHosts == "arroba-relay-box \(try key(1).bare)\n")
    let text = book.sshConfiguration(
      try #require(book.entry("box")), knownHosts: "/s/100%/known_hosts", program: "/it's/arroba")
    #expect(
      text == """
        Host box
          ProxyCommand '/it'\\''s/arroba' relay pipe box
          HostKeyAlias arroba-relay-box
          HostKeyAlgorithms ssh-ed25519
          UserKnownHostsFile "/s/100%%/known_hosts"
          GlobalKnownHostsFile /dev/null
          StrictHostKeyChecking yes
          ForwardAgent no
          ServerAliveInterval 5
          ServerAliveCountMax 3
          User me
        """)
    let way = book.sshHost(try #require(book.entry("box")), knownHosts: "/k", program: "arroba")
    #expect(
      way.destination == "me@box" && way.options.prefix(2) == ["-o", "ProxyCommand='arroba' relay pipe box"])
    #expect(
      way.options.contains("StrictHostKeyChecking=yes") && way.options.contains("UserKnownHostsFile=\"/k\""))
  }

  private func meaning(_ line: String) throws -> Invocation {
    try Invocation(try Words(line.split(separator: " ").map(String.init)))
  }

  @Test("The verbs about relays and machines mean what they say")
  func words() throws {
    let choice = RelayChoice(url: "relay://r", tokenFile: "f", via: nil)
    #expect(
      try meaning("relay join relay://r --name box --token-file f") == .relaying(.join(choice, name: "box")))
    #expect(try meaning("relay login relay://r --token-file f") == .relaying(.login(choice)))
    #expect(try meaning("relay pipe box") == .relaying(.pipe(machine: "box")))
    #expect(try meaning("machine list") == .relaying(.machines))
    #expect(try meaning("machine add box") == .relaying(.add(name: "box", fingerprint: nil)))
    #expect(try meaning("machine rename a b") == .relaying(.renameMachine("a", to: "b")))
    #expect(try meaning("machine trust ls") == .relaying(.trusted))
    #expect(try meaning("machine trust rm SHA256:x") == .relaying(.distrust("SHA256:x")))
    #expect(try meaning("machine trust key.pub") == .relaying(.trust("key.pub")))
    for line in ["machine trust rm", "machine trust a b", "relay join", "relay", "machine rename a"] {
      #expect(throws: Misuse.self, "\(line)") { try meaning(line) }
    }
  }

  @Test("The doctor says of a relay what is wrong, and what mends it")
  func diagnosis() {
    let joined: JSON = ["state": "joined", "relay": "relay://r:1", "name": "box"]
    #expect(Diagnosis.relay(joined, hasServer: true).verdict == .ok)
    let lacking = Diagnosis.relay(joined, hasServer: false)
    #expect(lacking.verdict == .fail && lacking.mend?.contains("openssh-server") == true)
    let waiting = Diagnosis.relay(["state": "waiting", "reason": "nobody answers"], hasServer: true)
    #expect(waiting.verdict == .warn && waiting.message == "nobody answers")
    #expect(Diagnosis.relay(nil, hasServer: false).verdict == .ok)
  }
}
