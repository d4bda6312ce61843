internal import CPty
internal import Glibc

/// Threads of our own, for what must not run on the cooperative pool: blocking calls and the loop.
package enum Threads {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts a thread that nobody joins. `name`: at most 15 bytes, as `ps -L` shows it.
  package static func start(
    _ name: String, stackBytes: Int = 512 << 10, _ body: @escaping @Sendable () -> Void
  ) {
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stackBytes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let boxed = Body {
      _ = arroba_name_thread(name)
      body()
    }
    let argument = Unmanaged.passRetained(boxed).toOpaque()
    let result = pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, argument)
    precondition(result == 0, "no thread can be started: \(SystemError.words(for: result))")
    pthread_attr_destroy(&attributes)
  }
}
