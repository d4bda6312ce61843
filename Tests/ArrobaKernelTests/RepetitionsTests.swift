import ArrobaJSON
import ArrobaLog
import ArrobaLoop
import ArrobaModel
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaKernel

/// A command with an id happens once, whoever repeats it and when.
@LoopActor
@Suite struct RepetitionsTests {
  private final class Work {
    var times = 0
    var gate: [CheckedContinuation<Void, Never>] = []

    func open() {
      let waiting = gate
      gate = []
      for turn in waiting { turn.resume() }
    }
  }

  private let house = TemporaryDirectory()
  private let work = Work()

  private func ledger() throws -> Ledger {
    var state = RecoveredState()
    let (log, _) = try EventLog.open(directory: house.path + "/log", options: .standard) { seq, payload in
      state.fold(seq, payload)
    }
    return Ledger(
      log: log, world: state.world, receipts: state.receipts, now: { Instant(ms: 1_795_000_000_000) })
  }

  private func repetitions(_ ledger: Ledger) -> Repetitions {
    Repetitions(ledger: ledger, now: { Instant(ms: 1_795_000_000_000) })
  }

  private func origin(_ fingerprint: String = "f") -> Kernel.Origin {
    Kernel.Origin(by: "c_1", command: "01J", fingerprint: fingerprint)
  }

  private func counted() -> JSON {
    work.times += 1
    return ["n": .int(work.times)]
  }

  private func gated() async -> JSON {
    await withCheckedContinuation { work.gate.append($0) }
    return counted()
  }

  /// Answers as they come, until all have come.
  private final class Heard {
    private var answers: [JSON?] = []
    private let count: Int
    private let done: CheckedContinuation<[JSON?], Never>

    init(_ count: Int, _ done: CheckedContinuation<[JSON?], Never>) {
      self.count = count
      self.done = done
    }

    func add(_ answer: JSON?) {
      answers.append(answer)
      if answers.count == count { done.resume(returning: answers) }
    }
  }

  @Test(
    "The same id with the same parameters is carried out once and answered the same, also after a restart")
  func once() async throws {
    let first = try ledger()
    let before = repetitions(first)
    #expect(try await before.once(origin()) { counted() } == ["n": 1])
    #expect(try await before.once(origin()) { counted() } == ["n": 1])
    try await first.log.close()
    let second = try ledger()
    #expect(try await repetitions(second).once(origin()) { counted() } == ["n": 1])
    #expect(work.times == 1)
    try await second.log.close()
  }

  @Test("The same id with other parameters is a conflict: under way, done, refused, and after a restart")
  func conflict() async throws {
    let ledger = try ledger()
    let repetitions = repetitions(ledger)
    _ = try await repetitions.once(origin()) { counted() }
    let refusal = await #expect(throws: Refusal.self) {
      try await repetitions.once(origin("other")) { counted() }
    }
    #expect(refusal?.kind == .commandConflict)
    #expect(work.times == 1)
    try await ledger.log.close()
  }

  @Test("Who repeats a command that is under way waits for the same answer, in whatever number")
  func underWay() async throws {
    let ledger = try ledger()
    let repetitions = repetitions(ledger)
    let answers = await withCheckedContinuation { (done: CheckedContinuation<[JSON?], Never>) in
      let heard = Heard(20, done)
      for _ in 0..<20 {
        Loop.shared.task { heard.add(try? await repetitions.once(origin()) { await gated() }) }
      }
      // Behind the others, which have begun or wait by then.
      Loop.shared.task { work.open() }
    }
    #expect(answers == Array(repeating: ["n": 1], count: 20))
    #expect(work.times == 1)
    try await ledger.log.close()
  }

  @Test("A refusal for good is repeated; one that may pass is tried again")
  func refusals() async throws {
    let ledger = try ledger()
    let repetitions = repetitions(ledger)
    for (kind, times) in [(ErrorKind.aliasConflict, 1), (.busy, 2)] {
      work.times = 0
      for _ in 0..<2 {
        let refusal = await #expect(throws: Refusal.self) {
          try await repetitions.once(Kernel.Origin(by: nil, command: kind.rawValue, fingerprint: "f")) {
            () throws(Refusal) -> JSON in
            _ = counted()
            throw Refusal(kind: kind, message: "no")
          }
        }
        #expect(refusal?.kind == kind)
      }
      #expect(work.times == times)
    }
    try await ledger.log.close()
  }

  @Test("Without an id each request is carried out")
  func withoutID() async throws {
    let ledger = try ledger()
    let repetitions = repetitions(ledger)
    let bare = Kernel.Origin(by: "c_1", command: nil, fingerprint: "f")
    for _ in 0..<3 { _ = try await repetitions.once(bare) { counted() } }
    #expect(work.times == 3)
    try await ledger.log.close()
  }
}
