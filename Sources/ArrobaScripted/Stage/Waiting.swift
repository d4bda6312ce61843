internal import ArrobaLoop
internal import ArrobaSystem
internal import Synchronization

/// One wait of a performance: it goes on once, whoever wakes it first.
@LoopActor
final class Wakeup {
  private var continuation: CheckedContinuation<Void, Never>?
  private var isAwake = false

  func wake() {
    isAwake = true
    continuation?.resume()
    continuation = nil
  }

  func wait() async {
    // Asked within, since the way there may be another turn of the loop.
    await withCheckedContinuation { continuation in
      if isAwake { continuation.resume() } else { self.continuation = continuation }
    }
  }
}

/// Tells when a file is there: how a test, or a person with a second terminal, lets a scene go on.
final class Gate: Sendable {
  /// A directory that is made anew is not seen otherwise.
  private static let lookAgainMs = 500
  private let isCancelled = Atomic(false)

  init(_ file: String, in directory: String, opened: @escaping @LoopActor @Sendable () -> Void) {
    let path = "\(directory)/\(file)"
    Threads.start("scripted-gate") { [self] in
      let watch = try? DirectoryWatch(directory)  // there is none: looked at again and again
      while !isCancelled.load(ordering: .relaxed) {
        if Files.status(path) != nil { return Loop.shared.post(opened) }
        _ = watch?.wait(timeoutMs: Self.lookAgainMs)
      }
    }
  }

  func cancel() { isCancelled.store(true, ordering: .relaxed) }
}
