import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import Testing

/// From one machine to another by a relay, with real ssh: the client's side has a state directory of its own.
@Suite(.journey) struct RelayJourneys {
  private struct Far {
    let relay: RelayUnderTest
    let daemon: DaemonUnderTest
    let house = TemporaryDirectory()

    /// What `arroba` says on the client's side, and its exit code.
    func arroba(_ words: String...) throws -> (code: Int32?, text: String) {
      try run([DaemonUnderTest.binary("arroba"), "--no-start"] + words)
    }

    /// What it says on the machine's side.
    func there(_ words: String...) throws -> (code: Int32?, text: String) {
      let environment = ["ARROBA_SOCKET=\(daemon.socket)", "ARROBA_STATE_DIR=\(daemon.state)"]
      return try run(["/usr/bin/env"] + environment + [DaemonUnderTest.binary("arroba")] + words)
    }

    func run(_ words: [String]) throws -> (code: Int32?, text: String) {
      let (ours, theirs) = try Sockets.pair(messages: false)
      let pid = try Programs.startOnSocket(words, environment: environment, socket: theirs, errors: theirs)
      theirs.close()
      Sockets.endSending(of: ours)
      let said = StandardStreams.readAll(from: ours.raw, atMost: 1 << 20)
      return (Processes.waitForExit(of: pid), String(decoding: said, as: UTF8.self))
    }

    var environment: [String] {
      [
        "ARROBA_SOCKET=\(house.path("none.sock"))", "ARROBA_STATE_DIR=\(house.path("state"))",
        "ARROBA_LOG_DIR=\(house.path("logs"))", "HOME=\(house.path("home"))", "LANG=C.UTF-8",
        "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin",
      ]
    }

    func token(_ name: String, role: String) throws -> String {
      let path = house.path("token-\(name)")
      try Files.replace(path, with: Array(try relay.token(name, role: role).utf8))
      return path
    }

    /// A key pair; its public file.
    func key(_ name: String) throws -> String {
      let path = house.path(name)
      #expect(try run(["/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]).code == 0)
      return "\(path).pub"
    }

    /// Joined, known and trusted.
    func meet() throws {
      let joined = try there(
        "relay", "join", relay.url, "--name", "box", "--token-file", try token("machine", role: "machine"))
      #expect(joined.code == 0 && joined.text.contains("joined \(relay.url) as box"), "\(joined.text)")
      let login = try arroba("relay", "login", relay.url, "--token-file", try token("client", role: "client"))
      #expect(login.code == 0 && login.text == "logged in at \(relay.url); there now: box\n", "\(login.text)")
      let added = try arroba("machine", "add", "box", "--fingerprint", try fingerprint())
      #expect(added.code == 0, "\(added.text)")
      #expect(try there("machine", "trust", try key("trusted")).code == 0)
    }

    func fingerprint() throws -> String {
      let status = try JSONReader.read(try there("--json", "relay", "status").text.utf8)
      return try #require(status["fingerprint"]?.string)
    }

    /// ssh to the machine, with that key and nothing of the user's own.
    func ssh(_ key: String, _ more: [String] = []) throws -> [String] {
      let config = try arroba("machine", "config", "box")
      #expect(config.code == 0)
      let path = house.path("ssh_config")
      try Files.replace(path, with: Array(config.text.utf8))
      return [
        "/usr/bin/ssh", "-F", path, "-i", house.path(key), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
      ] + more + ["box"]
    }

    /// A client of the far daemon, by ssh through the relay.
    func connect() throws -> (WireClient, pid: Int32) {
      let (ours, theirs) = try Sockets.pair(messages: false)
      let errors = try Files.create(house.path("ssh.err"), overwriting: true)
      let pid = try Programs.startOnSocket(
        try ssh("trusted"), environment: environment, socket: theirs, errors: errors)
      return (WireClient(over: ours), pid)
    }
  }

  private func withFar(_ body: (Far) throws -> Void) throws {
    try withDaemon { daemon in
      let relay = RelayUnderTest()
      _ = try relay.token("spare", role: "both")
      try relay.start()
      let far = Far(relay: relay, daemon: daemon)
      for directory in ["home", "state"] { try Files.makeDirectory(far.house.path(directory)) }
      try body(far)
    }
  }

  @Test("A machine joins, is known by its key, and its sessions are made, listed and prompted from afar")
  func wholeWay() throws {
    try withFar { far in
      try far.meet()
      let (client, pid) = try far.connect()
      try client.hello()
      let session = try client.request(
        "session.create",
        [
          "workspace": .string(far.daemon.workspace), "alias": "afar",
          "agents": [["provider": "scripted"], DaemonUnderTest.agent("cat")],
        ])
      let id = try #require(session["id"]?.string)
      #expect(try client.request("session.list", [:]).list("sessions").count == 1)
      let prompt = try client.request(
        "prompt.submit",
        [
          "session": .string(id), "agent": .string(try session.at("agents.0").words("id")),
          "text": "hello from afar",
        ])
      try Deadline.until("the end of the prompt", seconds: 60) {
        try client.request("prompt.get", ["prompt": .string(try prompt.words("id"))])["state"] == "completed"
      }
      let key = far.house.path("trusted")
      let listed = try far.run(
        [
          "/usr/bin/env",
          "ARROBA_SSH_COMMAND=ssh -F /dev/null -i \(key) -o IdentitiesOnly=yes -o ControlPath=/n",
          DaemonUnderTest.binary("arroba"), "--host", "relay://box", "ls", "--all", "--agents",
        ])
      #expect(listed.code == 0 && listed.text.contains("afar"), "\(listed.text)")
      let health = try far.daemon.client().request("daemon.health", [:])
      #expect(health["relay"]?["state"] == "joined" && (health["relay"]?["streams"]?.int ?? 0) > 0)
      client.close()
      #expect(Processes.waitForExit(of: pid) == 0)
      try Deadline.until("the end of the stream there") {
        try far.daemon.client().request("relay.status", [:])["streams"]?.int == 0
      }
      #expect(try far.there("end", id, "--force").code == 0)
    }
  }

  @Test("A key that is not trusted does not get in, nor one that is trusted no more")
  func strangers() throws {
    try withFar { far in
      try far.meet()
      _ = try far.key("stranger")
      let refused = try far.run(try far.ssh("stranger"))
      #expect(
        refused.code == 255 && refused.text.contains("Permission denied (publickey)"), "\(refused.text)")
      let list = try far.there("machine", "trust", "ls").text
      let fingerprint = try #require(list.split(separator: " ").first)
      #expect(try far.there("machine", "trust", "rm", String(fingerprint)).code == 0)
      #expect(try far.run(try far.ssh("trusted")).code == 255)
      let again = try far.there("machine", "trust", "rm", String(fingerprint))
      #expect(again.code == 2 && again.text.contains("is trusted"))
    }
  }

  @Test("Who is let in gets the bridge and nothing else: no command, no terminal, no forwarding")
  func bridgeOnly() throws {
    try withFar { far in
      try far.meet()
      let hello = "'{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"hello\",\"params\":{\"protocol\":1}}'"
      let marker = far.house.path("made")
      let words = try far.ssh("trusted", ["-R", "0:127.0.0.1:1"]).map { "'\($0)'" }
      let line = "printf '%s\\n' \(hello) | \(words.joined(separator: " ")) touch \(marker)"
      let answer = try far.run(["/bin/sh", "-c", line])
      #expect(answer.text.contains("\"protocol\":1,\"daemon\""), "\(answer.text)")
      #expect(answer.text.contains("remote port forwarding failed"), "\(answer.text)")
      let terminal = try far.run(try far.ssh("trusted", ["-tt"]))
      #expect(terminal.text.contains("PTY allocation request failed"), "\(terminal.text)")
      #expect(Files.status(marker) == nil)
    }
  }

  @Test("A machine that shows another host key than the known one is refused loudly, by arroba and by ssh")
  func inTheMiddle() throws {
    try withFar { far in
      try far.meet()
      // Somebody with a machine's token stands there under the same name, with his own sshd.
      #expect(try far.there("relay", "leave").code == 0)
      let host = "\(far.daemon.state)/relay/host_key"
      try Files.remove(host)
      try Files.remove("\(host).pub")
      let token = far.house.path("token-machine")
      #expect(try far.there("relay", "join", far.relay.url, "--name", "box", "--token-file", token).code == 0)
      #expect(try far.arroba("machine", "ls").text.contains("ANOTHER HOST KEY"))
      let known = try far.arroba("machine", "add", "box", "--fingerprint", try far.fingerprint())
      #expect(known.code == 1 && known.text.contains("is known by another host key"), "\(known.text)")
      let refused = try far.run(try far.ssh("trusted"))
      #expect(refused.code == 255 && refused.text.contains("Host key verification failed"), "\(refused.text)")
    }
  }

  @Test("The machine comes back by itself to a relay that was killed, and leaves it for good when told")
  func comingBack() throws {
    try withFar { far in
      try far.meet()
      far.relay.crash()
      try Deadline.until("the loss") {
        try !far.there("relay", "status").text.contains("state        joined")
      }
      try far.relay.start()
      try Deadline.until("the return", seconds: 60) {
        try far.there("relay", "status").text.contains("joined")
      }
      #expect(try far.there("daemon", "restart").code == 0)
      try Deadline.until("the return of the next daemon", seconds: 60) {
        try far.arroba("machine", "ls").text.contains("box  here")
      }
      #expect(try far.there("relay", "leave").code == 0)
      try Deadline.until("the departure") { try far.arroba("machine", "ls").text.contains("box  away") }
      #expect(Files.status("\(far.daemon.state)/relay/token") == nil)
    }
  }

  @Test("What does not work is said with its reason, and not kept")
  func words() throws {
    try withFar { far in
      let token = try far.token("client", role: "client")
      let wrongRole = try far.there("relay", "join", far.relay.url, "--token-file", token)
      #expect(wrongRole.code == 5 && wrongRole.text.contains("the relay does not let this token in"))
      #expect(try far.there("relay", "status").text.contains("state    off"))
      let nobody = try far.there("relay", "join", "relay://127.0.0.1:1", "--token-file", token)
      #expect(nobody.code == 75 && nobody.text.contains("Connection refused"), "\(nobody.text)")
      let open = far.house.path("open")
      try Files.replace(open, with: Array("x".utf8), mode: 0o644)
      let readable = try far.arroba("relay", "login", far.relay.url, "--token-file", open)
      #expect(
        readable.code == 1 && readable.text.contains("is open to others (mode 644)"), "\(readable.text)")
      let none = try far.arroba("relay", "login", far.relay.url)
      #expect(none.code == 2 && none.text.contains("the token is missing"))
      #expect(try far.arroba("relay", "login", far.relay.url, "--token-file", token).code == 0)
      let missing = try far.arroba("relay", "pipe", "nobody")
      #expect(missing.code == 4 && missing.text.contains("no machine 'nobody' is at this relay now"))
      #expect(try far.arroba("machine", "add", "nobody", "--fingerprint", "SHA256:x").code == 4)
      #expect(try far.arroba("machine", "forget", "nobody").code == 1)
    }
  }
}
