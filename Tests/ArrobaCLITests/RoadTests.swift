import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI
@testable import ArrobaClient

@Suite("Hosts and the roads to them")
struct RoadTests {
  @Test("A Unix socket is named by its path; no daemon is started at a place that was named")
  func unix() throws {
    #expect(try Endpoint.named("unix:///run/x.sock") == .socket(path: "/run/x.sock", mayStart: false))
  }

  @Test("A machine behind a relay is reached by ssh, where it is known; what nobody speaks is told as that")
  func others() {
    #expect(throws: Endpoint.Refusal.unknownMachine("desk")) { try Endpoint.named("relay://desk") }
    let way = SSHHost(user: "me", name: "desk", port: nil, options: ["-o", "ProxyCommand=x"])
    #expect((try? Endpoint.named("relay://desk") { $0 == "desk" ? way : nil }) == .ssh(way))
    #expect(throws: Endpoint.Refusal.malformed("'http://x' has the unknown scheme 'http'")) {
      try Endpoint.named("http://x")
    }
    #expect(throws: Endpoint.Refusal.malformed("'unix://x' needs an absolute path: unix:///path")) {
      try Endpoint.named("unix://x")
    }
    for host in ["box", "box:22", "unix:/x", "", ":"] {
      #expect(
        throws: Endpoint.Refusal.malformed(
          "'\(host)' is no host: unix:///path, ssh://[user@]box or relay://MACHINE is expected")
      ) {
        try Endpoint.named(host)
      }
    }
  }

  @Test(
    "A host of ssh is read into user, name and port",
    arguments: [
      ("box", nil, "box", nil), ("box/", nil, "box", nil), ("me@box", "me", "box", nil),
      ("a.b-c_d@box.example.org:2222", "a.b-c_d", "box.example.org", 2222), ("[::1]", nil, "::1", nil),
      ("me@[fe80::1%eth0]:22", "me", "fe80::1%eth0", 22), ("10.0.0.7:65535", nil, "10.0.0.7", 65_535),
    ] as [(String, String?, String, Int?)])
  func ssh(text: String, user: String?, name: String, port: Int?) throws {
    #expect(try Endpoint.named("ssh://\(text)") == .ssh(SSHHost(user: user, name: name, port: port)))
  }

  @Test(
    "What could be taken for an option, a shell's words or something else is refused with words",
    arguments: [
      ("", "names no host: ssh://[user@]host[:port] is expected"),
      ("me@", "names no host: ssh://[user@]host[:port] is expected"),
      ("@box", "has an odd user: letters, digits and . _ - + are taken"),
      ("-l@box", "has an odd user: letters, digits and . _ - + are taken"),
      ("-oProxyCommand=x", "has an odd name: letters, digits and . _ - + are taken, and no - in front"),
      ("a b", "has an odd name: letters, digits and . _ - + are taken, and no - in front"),
      ("a;b", "has an odd name: letters, digits and . _ - + are taken, and no - in front"),
      ("$(x)", "has an odd name: letters, digits and . _ - + are taken, and no - in front"),
      ("b\u{F6}x", "has an odd name: letters, digits and . _ - + are taken, and no - in front"),
      ("me:secret@box", "names a password: ssh asks for it itself, or takes a key"),
      ("box:0", "has no port behind its colon: 1 to 65535 is expected"),
      ("box:65536", "has no port behind its colon: 1 to 65535 is expected"),
      ("box:+22", "has no port behind its colon: 1 to 65535 is expected"),
      ("box:", "has no port behind its colon: 1 to 65535 is expected"),
      ("a:b:c", "has several colons: an IPv6 address stands in brackets"),
      ("[::1", "has a bracket that is not closed"),
      ("[::1]x", "has something behind its address: [address]:port is expected"),
      ("[box]", "has no address in its brackets"), ("[]", "has no address in its brackets"),
      (
        "box/src",
        "names a path: ssh://[user@]host[:port] is all, --workspace names a directory there"
      ),
    ])
  func refused(text: String, reason: String) {
    #expect(throws: Endpoint.Refusal.malformed("'ssh://\(text)' \(reason)")) {
      try Endpoint.named("ssh://\(text)")
    }
  }

  // MARK: the command

  private static let unset = """
    user me
    hostname box
    port 22
    controlmaster false
    serveralivecountmax 3
    serveraliveinterval 0
    connecttimeout none
    controlpersist no

    """

  private static func words(_ settings: String?, asks: Bool = true, isFresh: Bool = false) -> [String] {
    SSHCommand.words(
      SSHHost(user: "me", name: "box", port: 2222), settings.flatMap { .init($0) },
      .init(asks: asks, control: "/run/c", isFresh: isFresh))
  }

  private static let head = ["-T", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none"]
  private static let shared = [
    "-o", "ControlMaster=auto", "-o", "ControlPersist=60", "-o", "ControlPath=/run/c",
  ]
  private static let alive = [
    "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=10",
  ]
  private static let tail = ["-p", "2222", "--", "me@box", "arroba", "bridge"]

  @Test("A connection is shared for a minute and seen to be dead within 15 s; what the user has set holds")
  func command() {
    #expect(Self.words(Self.unset) == Self.head + Self.shared + Self.alive + Self.tail)
    #expect(Self.words(nil) == Self.head + Self.shared + Self.tail)
    let own = "hostname box\nserveraliveinterval 30\nconnecttimeout 60\n"
    #expect(Self.words(own) == Self.head + Self.shared + Self.tail)
  }

  @Test("Who comes back asks nobody; after a silence the connection is not the shared one")
  func again() {
    let quiet = ["-o", "BatchMode=yes"]
    #expect(Self.words(Self.unset, asks: false) == Self.head + quiet + Self.shared + Self.alive + Self.tail)
    #expect(
      Self.words(Self.unset, asks: false, isFresh: true)
        == Self.head + quiet + ["-o", "ControlMaster=no", "-o", "ControlPath=none"] + Self.alive + Self.tail)
  }

  @Test("What ssh -G says is understood; what is no answer of OpenSSH is none")
  func settings() throws {
    let none = try #require(SSHCommand.Settings(Self.unset))
    #expect(!none.hasMaster && !none.looksAlive && !none.hasTimeout)
    let path = try #require(SSHCommand.Settings("hostname x\ncontrolpath /home/me/.ssh/%C\n"))
    #expect(path.hasMaster)
    #expect(try #require(SSHCommand.Settings("hostname x\ncontrolmaster auto\n")).hasMaster)
    #expect(try #require(SSHCommand.Settings("hostname x\ncontrolpath none\n")).hasMaster == false)
    #expect(SSHCommand.Settings("unknown option -G\n") == nil && SSHCommand.Settings("") == nil)
  }

  @Test("A command of the user's is a shell's words; what follows it is not")
  func replaced() {
    let program = SSHCommand.program("FOO='a b' ssh -F /x", ssh: "/usr/bin/ssh")
    #expect(
      program.path == "/bin/sh" && program.arguments == ["sh", "-c", "FOO='a b' ssh -F /x \"$@\"", "ssh"])
    #expect(SSHCommand.program(nil, ssh: "/usr/bin/ssh").arguments == ["ssh"])
    let names = [
      SSHCommand.controlName(nil, SSHHost(user: nil, name: "box", port: nil)),
      SSHCommand.controlName(nil, SSHHost(user: "me", name: "box", port: nil)),
      SSHCommand.controlName(nil, SSHHost(user: nil, name: "box", port: 22)),
      SSHCommand.controlName("ssh -v", SSHHost(user: nil, name: "box", port: nil)),
      SSHCommand.controlName(nil, SSHHost(user: nil, name: "box", port: nil, options: ["-v"])),
    ]
    #expect(Set(names).count == names.count && names.allSatisfy { $0.utf8.count <= 13 })
  }

  // MARK: what is wrong, and where

  @Test(
    "Why ssh ended says which side is wrong, and whether it is worth trying again",
    arguments: [
      (
        255, "ssh: Could not resolve hostname box: Name or service not known", true,
        "there is no host box: ssh: Could not resolve hostname box: Name or service not known"
      ),
      (
        255, "ssh: connect to host box port 22: Connection refused\r\n", true,
        "box cannot be reached: ssh: connect to host box port 22: Connection refused"
      ),
      (255, "", true, "box cannot be reached: ssh ended without a word"),
      (
        255, "A banner\nme@box: Permission denied (publickey).", false,
        "box refuses to log you in: me@box: Permission denied (publickey)."
      ),
      (
        255, "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", false,
        "the host key of box has changed: it is another machine, or somebody stands in between"
      ),
      (255, "Host key verification failed.", false, "the host key of box is not known here"),
      (
        255, "/x: line 1: Bad configuration option: foo\n/x: terminating, 1 bad configuration options", false,
        "ssh does not start: /x: terminating, 1 bad configuration options"
      ),
      (
        127, "bash: line 1: arroba: command not found", false,
        "arroba is not found on box: bash: line 1: arroba: command not found"
      ),
      (127, "sh: 1: nossh: not found", false, "ssh cannot be run: sh: 1: nossh: not found"),
      (
        69, "arroba: the daemon cannot start: the log is damaged\nhint: arroba doctor", true,
        "on box: the daemon cannot start: the log is damaged"
      ),
      (3, "kaputt", true, "arroba on box ended with exit code 3: kaputt"),
    ] as [(Int32, String, Bool, String)])
  func faults(code: Int32, said: String, isPassing: Bool, words: String) {
    let error = SSHFault.judge(.exited(code), said: said, host: SSHHost(user: "me", name: "box", port: nil))
    #expect(error.message == words && error.isPassing == isPassing)
    #expect(Failure(error).exitCode == ExitCode.unreachable)
  }

  @Test("The next step is one that can be taken from here")
  func hints() {
    let host = SSHHost(user: "me", name: "box", port: nil)
    func hint(_ code: Int32, _ said: String) -> String? {
      SSHFault.judge(.exited(code), said: said, host: host).hint
    }
    #expect(hint(69, "arroba: no\nhint: arroba doctor") == "ssh me@box arroba doctor")
    #expect(hint(255, "Permission denied")?.contains("ssh-copy-id me@box") == true)
    #expect(hint(255, "REMOTE HOST IDENTIFICATION HAS CHANGED")?.contains("ssh-keygen -R box") == true)
    #expect(
      SSHFault.judge(.signalled, said: "", host: host) == .unreachable("ssh to box was ended", hint: nil))
  }

  // MARK: coming back

  @Test("It is tried at once, then after pauses from a fifth of a second to five, each a little off")
  func pauses() {
    for chance in [0, 0.5, 1] {
      var absence = Absence(nowMs: 1000)
      #expect(absence.tryAtMs == 1000)
      var pauses: [Int] = []
      for _ in 0..<8 {
        absence.failed(nowMs: 0, because: nil, chance: chance)
        pauses.append(absence.tryAtMs)
      }
      let wanted = [200, 400, 800, 1600, 3200, 5000, 5000, 5000].map { pause in
        min(max(Int(Double(pause) * (0.75 + chance / 2)), 200), 5000)
      }
      #expect(pauses == wanted)
    }
  }

  @Test("An absence lasts from the loss on, however often it was tried, and keeps the last reason")
  func absence() {
    var absence = Absence(nowMs: 1000)
    absence.failed(nowMs: 1500, because: "no route")
    absence.failed(nowMs: 1900, because: nil)
    #expect(absence.sinceMs == 1000 && absence.reason == "no route")
    #expect(!absence.lasts(longerThan: 1000, nowMs: 1999) && absence.lasts(longerThan: 1000, nowMs: 2000))
    #expect(!absence.lasts(longerThan: nil, nowMs: .max))
  }

  // MARK: the directory that is meant

  @Test(
    "Here it is where one stands; elsewhere the same path, and the home there for the home here",
    arguments: [
      (nil, "/w", false, "/w"), ("sub", "/w", false, "/w/sub"), ("/x", "/w", false, "/x"),
      (nil, "/w", true, "/w"), (nil, "/home/me", true, "~"), (nil, "/home/me/src", true, "~/src"),
      (nil, "/home/meow", true, "/home/meow"), ("src", "/w", true, "~/src"), ("/x", "/w", true, "/x"),
      ("~/y", "/w", true, "~/y"), ("~", "/w", true, "~"),
    ] as [(String?, String, Bool, String)])
  func workspace(named: String?, directory: String, isRemote: Bool, path: String) {
    #expect(
      Workspace.path(named: named, directory: directory, home: "/home/me", isRemote: isRemote) == path)
  }

  @Test("What belongs to this machine does not go to another one")
  func birth() {
    let here = ["PATH": "/p", "LANG": "C.UTF-8", "LC_ALL": "C", "DISPLAY": ":0", "SHELL": "/bin/odd"]
    var birth = Birth()
    birth.provider = "terminal"
    let near = BirthParams.agent(birth, in: "/w", here, size: nil)
    let afar = BirthParams.agent(birth, in: "/w", here, size: nil, isAfar: true)
    #expect(near["argv"] == ["/bin/odd"] && near["env"]?["PATH"] == "/p")
    #expect(afar["argv"] == ["/bin/sh", "-c", "exec \"${SHELL:-/bin/sh}\""])
    #expect(afar["env"] == ["LANG": "C.UTF-8", "LC_ALL": "C"])
  }

  @Test("A program that carries bytes gets them, and what it says beside that is kept when it ends")
  func companion() throws {
    let companion = try Companion.start(
      "/bin/sh", arguments: ["sh", "-c", "read x; echo \"<$x>\"; echo why >&2; exit 7"],
      environment: ["PATH=/usr/bin:/bin"])
    try companion.socket.writeAll(Array("one\n".utf8))
    var block = [UInt8](repeating: 0, count: 64)
    let got = block.withUnsafeMutableBytes { companion.socket.read(into: $0) }
    #expect(got == .moved(6) && String(decoding: block[..<6], as: UTF8.self) == "<one>\n")
    let (end, said) = try #require(companion.end(withinMs: 20_000))
    #expect(end == .exited(7) && said == "why\n")
  }

  @Test("A program that talks without end is not held up by it, and one that hangs is ended")
  func talkative() throws {
    let companion = try Companion.start(
      "/bin/sh",
      arguments: [
        "sh", "-c",
        "i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo over; exec sleep 1000",
      ],
      environment: ["PATH=/usr/bin:/bin"])
    #expect(PollSet.waitReadable(companion.socket.raw, timeoutMs: 20_000))
    #expect(companion.end(withinMs: 0) == nil)
    companion.kill()
    #expect(companion.socket.raw == -1)
  }
}
