/// The one thread that owns everything that changes in a daemon: sockets, terminals, sessions, agents.
///
/// What is isolated to it calls each other without waiting, and the compiler proves that nothing else touches it.
/// Its executor is the epoll thread (`Loop`), so a readable socket is handled where its state lives, without a hop.
@globalActor
package actor LoopActor {
  package static let shared = LoopActor()

  package nonisolated var unownedExecutor: UnownedSerialExecutor { Loop.shared.asUnownedSerialExecutor() }

  /// Runs `body` here and now; the caller must already be on the loop.
  static func assumeIsolated<Value: Sendable>(_ body: @LoopActor () -> Value) -> Value {
    shared.preconditionIsolated("this must run on the loop")
    typealias Unisolated = () -> Value
    // The same trick as MainActor.assumeIsolated: the closure differs in its static isolation only.
    return withoutActuallyEscaping(body) { unsafeBitCast($0, to: Unisolated.self)() }
  }
}
