internal import CPty
internal import Glibc

/// A file that grows at its end: written and read by offset, flushed, cut back. All calls block.
///
/// Offsets are the caller's, so that one thread may write while another reads what was written before.
package final class AppendFile: Sendable {
  package let path: String
  private let descriptor: Descriptor

  private init(path: String, descriptor: Descriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// A new file, empty even where one of that name was left over.
  package static func create(_ path: String) throws(SystemError) -> AppendFile {
    AppendFile(path: path, descriptor: try Files.open(path, O_RDWR | O_CREAT | O_TRUNC))
  }

  /// A new file; fails with EEXIST where the name is taken.
  package static func createUnique(_ path: String) throws(SystemError) -> AppendFile {
    AppendFile(path: path, descriptor: try Files.open(path, O_RDWR | O_CREAT | O_EXCL))
  }

  package static func open(_ path: String) throws(SystemError) -> AppendFile {
    AppendFile(path: path, descriptor: try Files.open(path, O_RDWR))
  }

  package static func openForReading(_ path: String) throws(SystemError) -> AppendFile {
    AppendFile(path: path, descriptor: try Files.openForReading(path))
  }

  package func size() throws(SystemError) -> Int {
    var found = stat()
    guard fstat(descriptor.raw, &found) == 0 else { throw .last("look at", path) }
    return found.st_size
  }

  /// Writes all of it at that offset. After a failure any part of it may be in the file.
  package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(SystemError) {
    var done = 0
    while done < bytes.count {
      let left = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = retryingInterrupted { pwrite(descriptor.raw, left.baseAddress, left.count, offset + done) }
      guard count >= 0 else { throw .last("write to", path) }
      guard count > 0 else { throw SystemError("write to", path, code: ENOSPC) }
      done += count
    }
  }

  /// Fills the buffer from that offset; less only at the end of the file.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    var done = 0
    while done < buffer.count {
      let room = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = retryingInterrupted { pread(descriptor.raw, room.baseAddress, room.count, offset + done) }
      guard count >= 0 else { throw .last("read", path) }
      guard count > 0 else { break }
      done += count
    }
    return done
  }

  /// The bytes of that stretch; fewer only at the end of the file.
  package func read(_ count: Int, at offset: Int) throws(SystemError) -> [UInt8] {
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
      let wanted = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[..<count])
      do throws(SystemError) { filled = try read(into: wanted, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Waits until what was written is on the disk, with what is needed to find it again (fdatasync).
  package func flush() throws(SystemError) {
    guard retryingInterrupted({ fdatasync(descriptor.raw) }) == 0 else { throw .last("flush", path) }
  }

  /// Makes the file `count` bytes longer from that offset, zeros with room on the disk behind them.
  ///
  /// A flush of bytes written into such room need not record a new file size, which is half of its cost.
  package func reserve(_ count: Int, at offset: Int) throws(SystemError) {
    let code = posix_fallocate(descriptor.raw, offset, count)
    guard code == 0 else { throw SystemError("reserve room in", path, code: code) }
  }

  /// Gives the file another name in one step; what had that name is gone. The name lasts once the directory is flushed.
  package func moved(to newPath: String) throws(SystemError) -> AppendFile {
    guard rename(path, newPath) == 0 else { throw .last("rename", path) }
    return AppendFile(path: newPath, descriptor: descriptor)
  }

  package func cut(to size: Int) throws(SystemError) {
    guard retryingInterrupted({ ftruncate(descriptor.raw, size) }) == 0 else { throw .last("cut", path) }
  }
}

extension UnsafeRawBufferPointer {
  /// The offset of the first such byte at or after `start`, as fast as the machine can look.
  package func offset(of byte: UInt8, from start: Int) -> Int? {
    guard start < count, let base = baseAddress else { return nil }
    guard let found = memchr(base + start, Int32(byte), count - start) else { return nil }
    return UnsafeRawPointer(found) - base
  }
}

extension SystemError {
  /// The number of an error of the device itself.
  package static var inputOutput: Int32 { EIO }
}
