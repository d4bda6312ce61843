internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// The locked file of the state directory. Holding its descriptor is holding the lock; its text says who does.
final class LockFile {
  let descriptor: Descriptor
  let startedAtMs = UInt64(Clock.wallMs())

  init(descriptor: Descriptor) { self.descriptor = descriptor }

  func note(_ state: LockNote.State) {
    write(Array(LockNote(pid: getpid(), startedAtMs: startedAtMs, state: state).line.utf8))
  }

  /// Says that nobody holds it any more. Called last before an orderly end.
  func clear() { write([]) }

  /// A reader looks at the first line only, which is whole from the write on. A failure costs the note, not the lock.
  private func write(_ text: [UInt8]) {
    _ = text.withUnsafeBytes { pwrite(descriptor.raw, $0.baseAddress, $0.count, 0) }
    _ = ftruncate(descriptor.raw, text.count)
  }
}
