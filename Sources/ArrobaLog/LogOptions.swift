package import ArrobaSystem

/// The limits of a log.
package struct LogOptions: Sendable {
  /// A segment that would grow over this is sealed, and the next one begun.
  package var segmentBytes: Int
  /// What may wait for the disk; when it is reached, appends are refused until some of it is written.
  package var queuedBytes: Int
  /// The newest records that are kept in memory, so that those who follow do not touch the disk.
  package var recentBytes: Int
  /// The longest that a record which nobody asked to sync waits for its fdatasync.
  package var syncDelayMs: Int
  /// Room made ahead in the newest segment: a flush into it is cheaper (measured 160 against 225 µs).
  package var reservedBytes: Int
  package var operations: FileOperations

  package static let standard = LogOptions(
    segmentBytes: 16 << 20, queuedBytes: 8 << 20, recentBytes: 256 << 10, syncDelayMs: 1000,
    reservedBytes: 1 << 20, operations: .system)

  package init(
    segmentBytes: Int, queuedBytes: Int, recentBytes: Int, syncDelayMs: Int, reservedBytes: Int,
    operations: FileOperations
  ) {
    self.segmentBytes = segmentBytes
    self.queuedBytes = queuedBytes
    self.recentBytes = recentBytes
    self.syncDelayMs = syncDelayMs
    self.reservedBytes = reservedBytes
    self.operations = operations
  }
}

/// The calls by which the writer changes files, so that a test can make one of them fail.
package struct FileOperations: Sendable {
  package var write: @Sendable (AppendFile, UnsafeRawBufferPointer, Int) throws(SystemError) -> Void
  package var flush: @Sendable (AppendFile) throws(SystemError) -> Void
  package var cut: @Sendable (AppendFile, Int) throws(SystemError) -> Void

  package static let system = FileOperations(
    write: { file, bytes, offset throws(SystemError) in try file.write(bytes, at: offset) },
    flush: { file throws(SystemError) in try file.flush() },
    cut: { file, size throws(SystemError) in try file.cut(to: size) })

  package init(
    write: @escaping @Sendable (AppendFile, UnsafeRawBufferPointer, Int) throws(SystemError) -> Void,
    flush: @escaping @Sendable (AppendFile) throws(SystemError) -> Void,
    cut: @escaping @Sendable (AppendFile, Int) throws(SystemError) -> Void
  ) {
    self.write = write
    self.flush = flush
    self.cut = cut
  }

  func write(_ bytes: [UInt8], to file: AppendFile) throws(SystemError) {
    try bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try write(file, buffer, 0) }
    }.get()
  }
}
