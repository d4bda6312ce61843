import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Upgrades and restarts", .journey)
struct UpgradeJourneys {
  /// The binaries of one test, which it may replace.
  private static func install(_ daemon: DaemonUnderTest) throws -> String {
    let directory = daemon.house.path("bin")
    try Files.makeDirectory(directory)
    for name in ["arroba-daemon", "arroba-supervisor"] {
      try install(name, in: directory, padded: 0)
    }
    return directory
  }

  /// A byte more at the end makes it another program that does the same.
  private static func install(_ name: String, in directory: String, padded count: Int) throws {
    let bytes = try Files.read(DaemonUnderTest.binary(name), atMost: 512 << 20)
    try ProgramFile.write("\(directory)/\(name)", bytes + [UInt8](repeating: 0, count: count))
  }

  private static func size(ofProgramOf pid: Int32) throws -> Int {
    try Files.read("/proc/\(pid)/exe", atMost: 512 << 20).count
  }

  @Test("After an upgrade, `arroba daemon restart` runs the new binary, which takes over the programs")
  func upgrade() throws {
    let daemon = DaemonUnderTest()
    let directory = try Self.install(daemon)
    try daemon.start(.init(binaries: directory))
    let id = try daemon.session("exec cat", alias: "kept").words("id")
    let pid = try daemon.program(of: id)
    let terminal = try daemon.client().attach(id, after: 0)
    try terminal.type("before\n")
    try terminal.wait(for: "before\r\nbefore\r\n")
    let old = try daemon.daemonPid()
    let size = try Self.size(ofProgramOf: old)
    try Self.install("arroba-daemon", in: directory, padded: 1)
    let (code, output) = try daemon.arroba(["daemon", "restart"])
    let new = try daemon.daemonPid()
    #expect(code == 0 && output.contains("restarted: was pid \(old), now \(new)"), "\(output)")
    #expect(try Self.size(ofProgramOf: new) == size + 1 && !Processes.lives(old))
    #expect(try Self.size(ofProgramOf: daemon.pid) != size, "the supervisor goes on")
    try terminal.awaitClose()
    let again = try daemon.client().attach(id, after: terminal.offset, resume: terminal.attachment)
    #expect(try again.answer.number("inputOffset") == 7)
    try again.type("after\n")
    try again.wait(for: "after\r\nafter\r\n")
    #expect(again.text == "after\r\nafter\r\n" && Processes.lives(pid))
    try daemon.stop()
  }

  @Test("A restart under a flood and with input on its way loses nothing")
  func underLoad() throws {
    try withDaemon { daemon in
      let flood = try daemon.session(stub: ["numbers"]).words("id")
      let bytes = ReturnJourneys.paste(300_000)
      let reader = try ReturnJourneys.reader(of: bytes.count, daemon)
      var following = try daemon.client().attach(flood, after: 0)
      var pasting = try daemon.client().attach(reader)
      var text: [UInt8] = []
      for round in 1...3 {
        let goal = following.offset + 3000
        try following.wait("more numbers") { following.offset >= goal }
        let accepted = try pasting.answer.number("inputOffset")
        try pasting.send(.input, Array(bytes[accepted..<(100_000 * round)]))
        try daemon.client().request("daemon.shutdown", ["mode": "restart"])
        for terminal in [following, pasting] { try terminal.awaitClose() }
        text += following.output
        following = try daemon.client().attach(flood, after: following.offset, resume: following.attachment)
        pasting = try daemon.client().attach(reader, resume: pasting.attachment)
      }
      try pasting.send(.input, Array(bytes[pasting.answer.number("inputOffset")...]))
      try pasting.wait("the sum") { pasting.seen.contains(" end") }
      #expect(pasting.seen.contains(ReturnJourneys.sum(bytes)), "\(pasting.seen.suffix(200))")
      let lines = String(decoding: text + following.output, as: UTF8.self).split(separator: "\r\n").dropLast()
      #expect(lines.enumerated().allSatisfy { $0.element == "\($0.offset)" } && lines.count > 1000)
    }
  }

  @Test(
    "The same command is answered the same after a restart, an orderly end, and a crash of the supervisor")
  func receipts() throws {
    let daemon = DaemonUnderTest()
    try daemon.start()
    let create: JSON = ["workspace": .string(daemon.workspace), "alias": "once", "commandId": "c1"]
    let made = try daemon.client().request("session.create", create)
    let rename: JSON = ["session": "once", "alias": "Twice", "commandId": "c2"]
    let renamed = try daemon.client().request("session.rename", rename)
    func expectTheSame(_ daemon: DaemonUnderTest) throws {
      let client = try daemon.client()
      #expect(try client.request("session.create", create) == made)
      // The name is the old one: what the command was about is not asked again.
      #expect(try client.request("session.rename", rename) == renamed)
      #expect(
        try client.refusal("session.create", ["workspace": "/", "commandId": "c1"]).kind == .commandConflict)
      #expect(try client.request("session.list").list("sessions").count == 1)
    }
    try expectTheSame(daemon)
    #expect(try daemon.arroba(["daemon", "restart"]).code == 0)
    try expectTheSame(daemon)
    try daemon.stop()
    let second = DaemonUnderTest(in: daemon.house)
    try second.start()
    try expectTheSame(second)
    let proper = try second.daemonPid()
    try second.killSupervisor()
    try Processes.awaitEnd(of: proper)
    let third = DaemonUnderTest(in: daemon.house)
    try third.start()
    try expectTheSame(third)
    try third.stop()
  }
}
