import ArrobaLoop
import Glibc
import Testing

/// Whose turn it is, and who is never called.
@Suite struct LoopTurnsTests {
  @Test("Of what is ready in the same round, sockets come before terminals")
  func urgency() async {
    let terminals = (0..<3).map { _ in Pipe() }
    let sockets = (0..<3).map { _ in Pipe() }
    let order = await withCheckedContinuation { (continuation: CheckedContinuation<[String], Never>) in
      Task { @LoopActor in
        let log = Turns()
        @LoopActor func watch(_ pipe: Pipe, as name: String, _ urgency: Watch.Urgency) {
          log.watches.append(
            Loop.shared.watch(pipe.reader, for: .readable, urgency: urgency) { _ in
              log.names.append(name)
              pipe.drain()
              if log.names.count == 6 { log.end(continuation) }
            })
        }
        // All are made ready by this one job, before the loop asks again.
        for pipe in terminals {
          watch(pipe, as: "terminal", .terminal)
          pipe.fill()
        }
        for pipe in sockets {
          watch(pipe, as: "socket", .socket)
          pipe.fill()
        }
      }
    }
    #expect(order == ["socket", "socket", "socket", "terminal", "terminal", "terminal"])
  }

  @Test("A watch that is cancelled in a round is not called in it, nor is the one that takes its slot")
  func slotReuse() async {
    let (first, second, quiet) = (Pipe(), Pipe(), Pipe())
    let names = await withCheckedContinuation { (continuation: CheckedContinuation<[String], Never>) in
      Task { @LoopActor in
        let log = Turns()
        let doomed = Loop.shared.watch(second.reader, for: .readable, urgency: .terminal) { _ in
          log.names.append("cancelled")
        }
        log.watches.append(
          Loop.shared.watch(first.reader, for: .readable, urgency: .socket) { _ in
            first.drain()
            log.names.append("first")
            doomed.cancel()
            doomed.cancel()
            log.watches.append(
              Loop.shared.watch(quiet.reader, for: .readable, urgency: .terminal) { _ in
                log.names.append("heir")
              })
            // Two rounds later, whatever this one held has been handed out.
            Loop.shared.after(0) { Loop.shared.after(1) { log.end(continuation) } }
          })
        first.fill()
        second.fill()
      }
    }
    #expect(names == ["first"])
  }

  @Test("What is waited for can be changed: a watch for nothing sleeps until it is asked again")
  func interest() async {
    let pipe = Pipe()
    let names = await withCheckedContinuation { (continuation: CheckedContinuation<[String], Never>) in
      Task { @LoopActor in
        let log = Turns()
        let watch = Loop.shared.watch(pipe.reader, for: [], urgency: .socket) { readiness in
          log.names.append(readiness.contains(.readable) ? "readable" : "other")
          log.end(continuation)
        }
        log.watches.append(watch)
        pipe.fill()
        Loop.shared.after(1) {
          log.names.append("asked")
          watch.set(.readable)
        }
      }
    }
    #expect(names == ["asked", "readable"])
  }

  @Test("The other side's end is told, asked for or not")
  func hangUp() async {
    let pipe = Pipe()
    let isHungUp = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
      Task { @LoopActor in
        let log = Turns()
        log.watches.append(
          Loop.shared.watch(pipe.reader, for: [], urgency: .socket) { readiness in
            for watch in log.watches { watch.cancel() }
            continuation.resume(returning: !readiness.isDisjoint(with: .hungUp))
          })
        pipe.closeWriter()
      }
    }
    #expect(isHungUp)
  }

  @Test("Jobs from many tasks at once all run, each task's own in order")
  func manyTasks() async {
    let log = Counts()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask { for number in 0..<250 { await log.add(number, from: task) } }
      }
    }
    let numbers = await log.numbers
    #expect(numbers.count == 8)
    for (_, found) in numbers { #expect(found == Array(0..<250)) }
  }
}

@LoopActor private final class Turns {
  var names: [String] = []
  var watches: [Watch] = []
  nonisolated init() {}

  func end(_ continuation: CheckedContinuation<[String], Never>) {
    for watch in watches { watch.cancel() }
    continuation.resume(returning: names)
  }
}

@LoopActor private final class Counts {
  private(set) var numbers: [Int: [Int]] = [:]
  nonisolated init() {}

  func add(_ number: Int, from task: Int) { numbers[task, default: []].append(number) }
}

private final class Pipe: Sendable {
  let reader: Int32
  private let writer: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    precondition(pipe(&ends) == 0, "no pipe")
    (reader, writer) = (ends[0], ends[1])
  }

  deinit {
    close(reader)
    close(writer)
  }

  func fill() { _ = write(writer, "x", 1) }

  func closeWriter() {
    // The number stays ours: it becomes another file that nobody reads.
    dup2(reader, writer)
  }

  func drain() {
    var byte: UInt8 = 0
    _ = read(reader, &byte, 1)
  }
}
