import Glibc
import Testing

import ArrobaLoop

@Suite struct LoopTests {
  @Test("Jobs run on the loop, in the order in which they were posted")
  func order() async {
    let seen = await withCheckedContinuation { continuation in
      let log = Log()
      for number in 0..<1000 { Loop.shared.post { log.numbers.append(number) } }
      Loop.shared.post { continuation.resume(returning: log.numbers) }
    }
    #expect(seen == Array(0..<1000))
  }

  @Test("A readable descriptor wakes its watch, and a cancelled watch is never called again")
  func watches() async {
    let ends = makePipe()
    let text = await withCheckedContinuation { (continuation: CheckedContinuation<String, Never>) in
      Task { @LoopActor in
        var watch: Watch?
        watch = Loop.shared.watch(ends.0, for: .readable, urgency: .socket) { readiness in
          #expect(readiness.contains(.readable))
          var buffer = [UInt8](repeating: 0, count: 16)
          let count = read(ends.0, &buffer, 16)
          watch?.cancel()
          watch = nil
          continuation.resume(returning: String(decoding: buffer[..<count], as: UTF8.self))
        }
        _ = write(ends.1, "hello", 5)
      }
    }
    #expect(text == "hello")
    _ = write(ends.1, "more", 4)
    await LoopActor.run {}
    close(ends.0)
    close(ends.1)
  }

  @Test("A timer fires once, not before its time; a cancelled one never; one that fires may make another")
  func timers() async {
    let start = LoopClock.nowMs()
    let (numbers, end) = await withCheckedContinuation {
      (continuation: CheckedContinuation<([Int], Int), Never>) in
      Task { @LoopActor in
        let log = Log()
        let cancelled = Loop.shared.after(0) { log.numbers.append(99) }
        Loop.shared.after(1) {
          log.numbers.append(1)
          Loop.shared.after(5) {
            log.numbers.append(2)
            continuation.resume(returning: (log.numbers, LoopClock.nowMs()))
          }
        }
        cancelled.cancel()
        #expect(!cancelled.isPending)
      }
    }
    #expect(numbers == [1, 2])
    #expect(end - start >= 6)
  }

  @Test("Tasks of the loop that wait go on in the order in which they are resumed, and never leave the loop")
  func resumption() async {
    let seen = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
      Loop.shared.task {
        let log = Log()
        let waiting = Waiting()
        for number in 0..<500 {
          Loop.shared.task {
            await withCheckedContinuation { waiting.turns.append($0) }
            log.numbers.append(number)
            if number == 499 { continuation.resume(returning: log.numbers) }
          }
        }
        Loop.shared.task { for turn in waiting.turns { turn.resume() } }
      }
    }
    #expect(seen == Array(0..<500))
  }

  @Test("Tasks of the loop that other threads resume go on in the order in which they were resumed")
  func resumptionFromElsewhere() async {
    let seen = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
      Loop.shared.task {
        let log = Log()
        let waiting = Waiting()
        for number in 0..<500 {
          Loop.shared.task {
            await withCheckedContinuation { waiting.turns.append($0) }
            log.numbers.append(number)
            if number == 499 { continuation.resume(returning: log.numbers) }
          }
        }
        Loop.shared.task {
          let turns = waiting.turns
          Elsewhere.run { for turn in turns { turn.resume() } }
        }
      }
    }
    #expect(seen == Array(0..<500))
  }

  private func makePipe() -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    return (ends[0], ends[1])
  }
}

@LoopActor private final class Log {
  var numbers: [Int] = []
  nonisolated init() {}
}

@LoopActor private final class Waiting {
  var turns: [CheckedContinuation<Void, Never>] = []
  nonisolated init() {}
}

/// A thread that is not the loop's.
private enum Elsewhere {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  static func run(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, Unmanaged.passRetained(Body(body)).toOpaque())
    pthread_detach(thread)
  }
}

extension LoopActor {
  fileprivate static func run(_ body: @LoopActor @Sendable () -> Void) async { await body() }
}
