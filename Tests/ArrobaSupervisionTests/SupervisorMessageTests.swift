import Testing

import ArrobaSupervision

@Suite struct SupervisorMessageTests {
  static let requests: [SupervisorRequest] = [
    .hello(version: 1),
    .ready,
    .spawn(
      ChildBirth(
        id: "r_1", kind: .terminal(columns: 200, rows: 50, ringCapacity: 2 << 20), path: "/bin/sh",
        arguments: ["sh", "-c", "echo ä 🙂", ""], environment: ["A=1", "B="], directory: "/tmp")),
    .spawn(
      ChildBirth(
        id: "r_2", kind: .pipes, path: "/bin/cat", arguments: ["cat"], environment: [], directory: "/")),
    .spawn(
      ChildBirth(
        id: "r_3", kind: .lines(ringCapacity: 16 << 20), path: "/bin/cat", arguments: ["cat"],
        environment: [], directory: "/")),
    .signal(id: "r_1", number: 15),
    .closeInput(id: "r_2"),
    .forget(id: "r_1"),
    .keep(name: "listener"),
    .drop(name: "listener"),
    .bye(Farewell(.stop, reason: "")),
    .bye(Farewell(.restart, reason: "upgrade")),
    .bye(Farewell(.refuse, reason: "the log is of format 9")),
  ]

  static let notices: [SupervisorNotice] = [
    .hello(version: 1, pid: 4711, startedAtMs: 1_764_046_000_123),
    .kept(name: "listener"),
    .child(id: "r_1", pid: 5, channels: .terminal, end: nil),
    .child(
      id: "r_2", pid: 6, channels: .pipes(input: false, outputRing: true, errorRing: false), end: .code(3)),
    .handedOver,
    .spawned(id: "r_1", pid: 77),
    .spawnFailed(id: "r_1", stage: .directory, code: 2),
    .spawnFailed(id: "r_1", stage: .tooSlow, code: 110),
    .exited(id: "r_1", end: .code(255)),
    .exited(id: "r_1", end: .signal(9)),
  ]

  @Test("A request is read as it was said", arguments: requests)
  func requestRoundTrip(request: SupervisorRequest) throws {
    #expect(try SupervisorRequest.read(request.packet) == request)
  }

  @Test("A notice is read as it was said", arguments: notices)
  func noticeRoundTrip(notice: SupervisorNotice) throws {
    #expect(try SupervisorNotice.read(notice.packet) == notice)
  }

  @Test("A packet that was cut anywhere is an error, not another message")
  func cut() {
    for packet in Self.requests.map(\.packet) {
      for count in 0..<packet.count {
        #expect(throws: PacketFault.self) { try SupervisorRequest.read(Array(packet[..<count])) }
      }
    }
    for packet in Self.notices.map(\.packet) {
      for count in 0..<packet.count {
        #expect(throws: PacketFault.self) { try SupervisorNotice.read(Array(packet[..<count])) }
      }
    }
  }

  @Test("A message of an unknown type is let pass, and so is what a newer side appends")
  func newer() throws {
    #expect(try SupervisorRequest.read([200, 1, 2, 3]) == nil)
    #expect(try SupervisorNotice.read([99]) == nil)
    for request in Self.requests {
      #expect(try SupervisorRequest.read(request.packet + [1, 2, 3]) == request)
    }
    for notice in Self.notices { #expect(try SupervisorNotice.read(notice.packet + [1, 2, 3]) == notice) }
  }

  @Test("Made-up lengths and kinds are errors")
  func madeUp() {
    let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF]
    #expect(throws: PacketFault.self) { try SupervisorRequest.read([4] + huge) }
    #expect(throws: PacketFault.self) { try SupervisorRequest.read([9, 77, 0, 0, 0, 0]) }
    let texts: [UInt8] = [3, 0, 0, 0, 0, 1, 0, 0, 0, 0] + huge
    #expect(throws: PacketFault.self) { try SupervisorRequest.read(texts) }
  }

  @Test("Random bytes never crash the reader")
  func garbage() {
    var seed: UInt64 = 42
    for _ in 0..<20_000 {
      var bytes: [UInt8] = []
      for _ in 0..<24 {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        bytes.append(UInt8(truncatingIfNeeded: seed >> 56))
      }
      bytes[0] %= 12
      _ = try? SupervisorRequest.read(bytes)  // either is fine
      _ = try? SupervisorNotice.read(bytes)  // either is fine
    }
  }
}

@Suite struct LockNoteTests {
  @Test(
    "A lock note is read as it was written",
    arguments: [
      LockNote.State.running, .gaveUp(reason: "the daemon ended by signal 11, and 8 times within 60 s"),
    ])
  func roundTrip(state: LockNote.State) {
    let note = LockNote(pid: 12, startedAtMs: 1_764_046_000_123, state: state)
    #expect(LockNote(line: note.line) == note)
    #expect(LockNote(line: note.line + "what an older, longer note left") == note)
  }

  @Test("A note is one line, whatever the reason says")
  func oneLine() {
    let note = LockNote(pid: 1, startedAtMs: 2, state: .gaveUp(reason: "first\nsecond"))
    #expect(note.line == "pid=1 started=2 state=gave-up reason=first second\n")
  }

  @Test(
    "What is no note is none",
    arguments: ["", "\n", "pid=x started=1 state=running", "pid=1 state=running", "123"])
  func others(text: String) {
    #expect(LockNote(line: text) == nil)
  }
}
