internal import ArrobaLoop
internal import ArrobaSystem
internal import ArrobaWire
internal import Synchronization

/// A few threads for calls that may block (looking at files), so that the loop never does. A file system that hangs
/// holds up the requests that ask about it, and nothing else.
final class Workers: Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var idle = 0
    var threads = 0
  }

  private static let mostThreads = 4
  private static let mostWaiting = 256

  private let state = Mutex(State())
  private let bell = Bell()

  /// Runs `body` on a worker.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws(WireError) -> Value) async throws(WireError)
    -> Value
  {
    let result = await withCheckedContinuation {
      (done: CheckedContinuation<Result<Value, WireError>, Never>) in
      let isTaken = submit {
        let result: Result<Value, WireError>
        do throws(WireError) {
          result = .success(try body())
        } catch {
          result = .failure(error)
        }
        done.resume(returning: result)
      }
      guard !isTaken else { return }
      done.resume(
        returning: .failure(
          WireError(
            kind: .overloaded, message: "\(Self.mostWaiting) requests wait for the file system already",
            hint: "try again in a moment")))
    }
    return try result.get()
  }

  private func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, wantsThread) = state.withLock { state -> (Bool, Bool) in
      guard state.jobs.count < Self.mostWaiting else { return (false, false) }
      state.jobs.append(job)
      let wants = state.idle < state.jobs.count && state.threads < Self.mostThreads
      if wants { state.threads += 1 }
      return (true, wants)
    }
    if wantsThread { Threads.start("arroba-worker") { [self] in work() } }
    if isTaken { bell.ring() }
    return isTaken
  }

  private func work() {
    while true {
      let job = state.withLock { state -> (@Sendable () -> Void)? in
        guard !state.jobs.isEmpty else {
          state.idle += 1
          return nil
        }
        return state.jobs.removeFirst()
      }
      if let job {
        job()
      } else {
        bell.wait()
        state.withLock { $0.idle -= 1 }
      }
    }
  }
}
