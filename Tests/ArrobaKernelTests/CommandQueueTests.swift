import ArrobaLoop
import ArrobaModel
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaKernel

/// Who goes beside whom, and in which order.
@LoopActor
@Suite struct CommandQueueTests {
  private static let one = SessionID("s_1")
  private static let two = SessionID("s_2")
  private static let agent = AgentID("a_1")
  private static let other = AgentID("a_2")

  /// Commands that have begun and those that have ended, as they came.
  private final class Track {
    var begun: [String] = []
    var places: [String: CommandQueue.Place] = [:]
  }

  private let queue = CommandQueue()
  private let track = Track()

  private func enter(_ name: String, _ command: Command) {
    Loop.shared.task { [queue, track] in
      // A refusal shows in what did not begin.
      guard let place = try? await queue.enter(command.claims, isBounded: !command.isReport) else { return }
      track.begun.append(name)
      track.places[name] = place
    }
  }

  private func leave(_ name: String) throws {
    queue.leave(try #require(track.places[name], "\(name) has not begun"))
  }

  /// Everything that was posted so far has had its turn, and what that posted too.
  private func settle() async {
    for _ in 0..<4 {
      await withCheckedContinuation { done in Loop.shared.post { done.resume() } }
    }
  }

  private static func rename(_ session: SessionID) -> Command { .session(session, .rename(alias: nil)) }
  private static func cycle(_ session: SessionID) -> Command { .session(session, .cycle) }
  private static func restart(_ agent: AgentID) -> Command {
    .agent(one, agent, .restart(RunID("r"), columns: nil, rows: nil, force: false))
  }
  private static func report(_ agent: AgentID) -> Command { .agent(one, agent, .absorb(.notice("n"))) }

  @Test("Commands on different sessions and on different agents go side by side")
  func sideBySide() async {
    enter("cycle one", Self.cycle(Self.one))
    enter("cycle two", Self.cycle(Self.two))
    await settle()
    #expect(track.begun == ["cycle one", "cycle two"])
    let second = CommandQueueTests()
    second.enter("first agent", Self.restart(Self.agent))
    second.enter("second agent", Self.restart(Self.other))
    await second.settle()
    #expect(second.track.begun == ["first agent", "second agent"])
  }

  @Test(
    "Commands on one agent, on one session, on the catalogue go one after another, in the order of their coming"
  )
  func oneAfterAnother() async throws {
    for number in 0..<5 { enter("\(number)", Self.restart(Self.agent)) }
    await settle()
    #expect(track.begun == ["0"])
    for number in 0..<4 {
      try leave("\(number)")
      await settle()
      #expect(track.begun == (0...(number + 1)).map { "\($0)" })
    }
  }

  @Test("A command on a session waits for its agents' commands, and theirs for it; nobody overtakes")
  func sessionAndAgents() async throws {
    enter("agent", Self.restart(Self.agent))
    enter("session", Self.cycle(Self.one))
    enter("later agent", Self.restart(Self.other))
    await settle()
    #expect(track.begun == ["agent"])
    try leave("agent")
    await settle()
    #expect(track.begun == ["agent", "session"])
    try leave("session")
    await settle()
    #expect(track.begun == ["agent", "session", "later agent"])
  }

  @Test("A rename holds the catalogue and its session; a creation waits, another session's cycle does not")
  func catalogue() async throws {
    enter("rename", Self.rename(Self.one))
    enter("create", .create(SessionID("s_3"), alias: nil, workspace: "/w", agents: []))
    enter("cycle two", Self.cycle(Self.two))
    enter("cycle one", Self.cycle(Self.one))
    await settle()
    #expect(track.begun == ["rename", "cycle two"])
    try leave("rename")
    await settle()
    #expect(track.begun == ["rename", "cycle two", "create", "cycle one"])
  }

  @Test("A lane that is full turns clients away and never a report; when it empties nothing is left behind")
  func bounds() async throws {
    for number in 0..<CommandQueue.longestLane { enter("\(number)", Self.restart(Self.agent)) }
    await settle()
    var refused: ErrorKind?
    do {
      _ = try await queue.enter(Self.restart(Self.agent).claims, isBounded: true)
    } catch {
      refused = error.kind
    }
    #expect(refused == .overloaded)
    enter("report", Self.report(Self.agent))
    enter("other agent", Self.restart(Self.other))
    await settle()
    #expect(track.begun == ["0"])  // the session's own lane is as full
    for number in 0..<CommandQueue.longestLane {
      try leave("\(number)")
      await settle()
    }
    try leave("report")
    await settle()
    #expect(queue.load.lanes == 0)
  }

  @Test(
    "Over random commands nobody who collides is let in together, and all get their turn",
    arguments: [1, 2, 3] as [UInt64])
  func random(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let commands: [Command] = (0..<200).map { _ in
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: Self.rename(generator.pick([Self.one, Self.two]))
      case 1: Self.cycle(generator.pick([Self.one, Self.two]))
      case 2: .create(SessionID("s_n"), alias: nil, workspace: "/w", agents: [])
      default: Self.report(generator.pick([Self.agent, Self.other]))
      }
    }
    for (index, command) in commands.enumerated() { enter("\(index)", command) }
    var running: [Int] = []
    var seen = 0
    while seen < commands.count {
      await settle()
      let new = track.begun[seen...].compactMap { Int($0) }
      seen = track.begun.count
      try #require(!new.isEmpty || !running.isEmpty, "nobody goes on")
      running += new
      for (position, first) in running.enumerated() {
        for second in running[(position + 1)...] {
          #expect(!Self.collide(commands[first], commands[second]), "\(first) and \(second) together")
        }
      }
      let done = running.remove(at: Int.random(in: 0..<running.count, using: &generator))
      try leave("\(done)")
    }
    #expect(Set(track.begun).count == commands.count)
  }

  private static func collide(_ first: Command, _ second: Command) -> Bool {
    first.claims.contains { mine in
      second.claims.contains { other in
        mine.key == other.key && (mine.access == .exclusive || other.access == .exclusive)
      }
    }
  }
}
