internal import CPty
internal import Glibc

/// A counting semaphore: each ring lets one wait go on.
package final class Bell: @unchecked Sendable {
  // @unchecked: a sem_t is made for several threads; it never moves.
  private let semaphore: UnsafeMutablePointer<sem_t>

  package init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  package func ring() { sem_post(semaphore) }

  package func wait() {
    _ = retryingInterrupted { sem_wait(semaphore) }
  }
}
