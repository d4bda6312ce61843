import ArrobaSupervision
import ArrobaSystem
import Glibc
import Testing

/// A daemon as the test plays it: the process is a stub, its voice is ours.
final class StubDaemon {
  let pid: Int32
  private let control: Descriptor
  /// Kept, since the last use of a run is its end.
  private let run: SupervisorRun
  private var link: Descriptor?
  private var room = [UInt8](repeating: 0, count: 64 << 10)
  /// Notices that came while another one was waited for.
  private var waiting: [(SupervisorNotice, [Descriptor])] = []

  init(pid: Int32, control: Descriptor, run: SupervisorRun) {
    self.pid = pid
    self.control = control
    self.run = run
  }

  func command(_ text: String) throws { try control.writeAll(Array("\(text)\n".utf8)) }

  /// Takes the daemon's end of the pair from the stub.
  func passOn() throws {
    try command("pass")
    guard control.waitReadable(atMostMs: SupervisorRun.patienceMs) else {
      throw Trouble("the stub is silent")
    }
    let (_, passed) = room.withUnsafeMutableBytes { DescriptorPassing.receive(into: $0, from: control) }
    guard let end = passed.first else { throw Trouble("the stub passed nothing on") }
    link = end
  }

  /// Lets the stub be a daemon by itself; returns when it reads all terminals.
  func read() throws {
    try command("read")
    guard control.waitReadable(atMostMs: SupervisorRun.patienceMs) else {
      throw Trouble("the stub is silent")
    }
    let (outcome, _) = room.withUnsafeMutableBytes { DescriptorPassing.receive(into: $0, from: control) }
    guard case .moved = outcome else { throw Trouble("the stub ended instead of reading") }
  }

  /// Gives the end of the pair away, to something that speaks for itself.
  func releaseLink() throws -> Descriptor {
    defer { link = nil }
    return try #require(link)
  }

  func kill() {
    link = nil
    Glibc.kill(pid, SIGKILL)
  }

  /// Ends by itself with that status.
  func exit(_ status: Int) throws {
    link = nil
    try command("exit \(status)")
  }

  func say(_ request: SupervisorRequest, passing descriptors: [Descriptor] = []) throws {
    try say(raw: request.packet, passing: descriptors)
  }

  func say(raw packet: [UInt8], passing descriptors: [Descriptor] = []) throws {
    let link = try #require(self.link)
    let deadline = Clock.monotonicMs() + SupervisorRun.patienceMs
    while true {
      let outcome = packet.withUnsafeBytes {
        DescriptorPassing.send($0, passing: descriptors.map(\.raw), over: link)
      }
      switch outcome {
      case .moved: return
      case .wouldBlock where Clock.monotonicMs() < deadline: usleep(500)
      case .wouldBlock, .ended, .failed: throw Trouble("the supervisor took no request: \(outcome)")
      }
    }
  }

  /// The next notice, whichever it is.
  func next() throws -> (SupervisorNotice, [Descriptor]) {
    if !waiting.isEmpty { return waiting.removeFirst() }
    return try receive()
  }

  private func receive() throws -> (SupervisorNotice, [Descriptor]) {
    let link = try #require(self.link)
    guard link.waitReadable(atMostMs: SupervisorRun.patienceMs) else {
      throw Trouble("the supervisor is silent")
    }
    let (outcome, passed) = room.withUnsafeMutableBytes { DescriptorPassing.receive(into: $0, from: link) }
    guard case .moved(let count) = outcome else { throw Trouble("the supervisor is gone: \(outcome)") }
    return (try #require(try SupervisorNotice.read(Array(room[..<count]))), passed)
  }

  /// The first notice for which `pick` answers; others wait for whoever asks for them.
  func wait<Found>(for pick: (SupervisorNotice, [Descriptor]) -> Found?) throws -> Found {
    for (index, (notice, passed)) in waiting.enumerated() {
      if let found = pick(notice, passed) {
        waiting.remove(at: index)
        return found
      }
    }
    while true {
      let (notice, passed) = try receive()
      if let found = pick(notice, passed) { return found }
      waiting.append((notice, passed))
    }
  }

  func waitForEnd(of id: String) throws -> ChildEnd {
    try wait { notice, _ in
      if case .exited(id, let end) = notice { end } else { nil }
    }
  }

  struct Estate {
    var kept: [String: Descriptor] = [:]
    var children:
      [String: (pid: Int32, channels: HandedChannels, end: ChildEnd?, descriptors: [Descriptor])] = [:]
    var order: [String] = []
    var supervisor: Int32 = 0
  }

  @discardableResult
  func takeOver() throws -> Estate {
    try say(.hello(version: SupervisorProtocol.version))
    var estate = Estate()
    while true {
      let (notice, passed) = try receive()
      switch notice {
      case .hello(_, let pid, _): estate.supervisor = pid
      case .kept(let name): estate.kept[name] = passed.first
      case .child(let id, let pid, let channels, let end):
        estate.children[id] = (pid, channels, end, passed)
        estate.order.append(id)
      case .handedOver: return estate
      case .spawned, .spawnFailed, .exited: throw Trouble("\(notice) within the hand-over")
      }
    }
  }

  // Children.

  /// Starts a shell on a terminal.
  func terminal(
    _ id: String, _ script: String, capacity: Int = 256 << 10, environment: [String] = ["PATH=/usr/bin:/bin"],
    directory: String = "/", size: (UInt16, UInt16) = (80, 24)
  ) throws -> Terminal {
    let order = ChildBirth(
      id: id, kind: .terminal(columns: size.0, rows: size.1, ringCapacity: capacity), path: "/bin/sh",
      arguments: ["sh", "-c", script], environment: environment, directory: directory)
    let (pid, passed) = try spawn(order)
    return try Terminal(id: id, pid: pid, passed)
  }

  /// Starts a shell on pipes.
  func pipes(_ id: String, _ script: String) throws -> (pid: Int32, ends: [Descriptor]) {
    let order = ChildBirth(
      id: id, kind: .pipes, path: "/bin/sh", arguments: ["sh", "-c", script],
      environment: ["PATH=/usr/bin:/bin"], directory: "/")
    return try spawn(order)
  }

  private func spawn(_ order: ChildBirth) throws -> (pid: Int32, ends: [Descriptor]) {
    try say(.spawn(order))
    return try wait { notice, passed -> Result<(pid: Int32, ends: [Descriptor]), Trouble>? in
      switch notice {
      case .spawned(order.id, let pid): .success((pid, passed))
      case .spawnFailed(order.id, let stage, let code):
        .failure(Trouble("\(stage): \(SystemError.words(for: code))"))
      default: nil
      }
    }.get()
  }

  /// How a birth failed.
  func failure(of order: ChildBirth) throws -> (BirthStage, Int32)? {
    try say(.spawn(order))
    return try wait { notice, _ -> (BirthStage, Int32)?? in
      switch notice {
      case .spawned(order.id, _): .some(nil)
      case .spawnFailed(order.id, let stage, let code): (stage, code)
      default: .none
      }
    }
  }
}

/// A terminal that the test reads, as a daemon does: into its ring.
final class Terminal {
  let id: String
  let pid: Int32
  let primary: Descriptor
  let ring: OutputRing
  /// The ring's header, for tests that leave it as a kill does.
  let header: UnsafeMutableRawBufferPointer

  init(id: String, pid: Int32, _ passed: [Descriptor]) throws {
    self.id = id
    self.pid = pid
    try #require(passed.count == 2)
    primary = passed[0]
    let memory = try SharedMemory(mapping: passed[1])
    ring = try #require(OutputRing(mapping: memory.base, count: memory.count, owner: memory))
    header = UnsafeMutableRawBufferPointer(start: memory.base, count: OutputRing.headerBytes)
    _ = ring.recoverCutFill()
  }

  var text: String {
    ring.withBytes(from: ring.start, atMost: .max) { String(decoding: Array($0) + Array($1), as: UTF8.self) }
  }

  /// Reads once; false at the end.
  func readOnce() throws -> Bool {
    guard primary.waitReadable(atMostMs: SupervisorRun.patienceMs) else {
      throw Trouble("no output; so far: \(text)")
    }
    var isOpen = true
    _ = ring.fill { room in
      switch primary.read(into: room) {
      case .moved(let count): return count
      case .wouldBlock: return -1
      case .ended, .failed:
        isOpen = false
        return -1
      }
    }
    return isOpen
  }

  /// Reads until the text is there.
  func read(until wanted: String) throws {
    while !text.contains(wanted) {
      guard try readOnce() else { throw Trouble("the terminal ended without \(wanted): \(text)") }
    }
  }

  /// Reads everything, until the last program has gone.
  func readAll() throws -> String {
    while try readOnce() {}
    return text
  }
}
