internal import ArrobaSystem

/// The end of the newest segment, where the writer thread puts batches. Everything that can go wrong on the way to the
/// disk is put right here: after any failure the file ends, for its readers, behind the last batch that was accepted.
struct SegmentTail: Sendable {
  /// What stands between the file and the next write.
  private enum Trust {
    case sound
    /// Bytes of a batch that failed may stand behind `end`.
    case mustCut
    /// A flush failed: the kernel may have forgotten what it could not write. Or the next segment could not be begun,
    /// and its name may be there. Nothing is added to this file; a new segment takes over.
    case mustMove
  }

  let directory: String
  let id: String
  let options: LogOptions
  let catalogue: Catalogue

  private var file: AppendFile
  private var headerEnd: Int
  /// Behind the last accepted batch.
  private(set) var end: Int
  /// The sequence number that the next batch begins with.
  private(set) var next: UInt64
  private var syncedEnd: Int
  private var syncedNext: UInt64
  /// How far room was made.
  private var reservedEnd = 0
  private var trust = Trust.sound

  init(
    directory: String, id: String, options: LogOptions, catalogue: Catalogue, file: AppendFile,
    headerEnd: Int,
    end: Int, next: UInt64
  ) {
    self.directory = directory
    self.id = id
    self.options = options
    self.catalogue = catalogue
    self.file = file
    self.headerEnd = headerEnd
    self.end = end
    self.next = next
    syncedEnd = end
    syncedNext = next
  }

  var isSynced: Bool { syncedEnd == end }

  /// Puts bytes behind the end, in the next segment where this one is full. They count once they are accepted.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try heal()
    if end + bytes.count > options.segmentBytes, end > headerEnd { try startNextSegment() }
    if end + bytes.count > reservedEnd {
      // Room ahead only makes flushes cheaper: where there is none, the write itself tells.
      try? file.reserve(bytes.count + options.reservedBytes, at: end)
      reservedEnd = end + bytes.count + options.reservedBytes
    }
    do {
      try options.operations.write(file, bytes, end)
    } catch {
      trust = .mustCut
      try? heal()  // tried again before the next write
      throw error
    }
  }

  /// Makes everything written durable, also what is not accepted yet.
  mutating func flush() throws(SystemError) {
    // A second flush of a file says nothing about what the first one lost.
    try heal()
    do {
      try options.operations.flush(file)
    } catch {
      trust = .mustMove
      try? heal()  // tried again before the next write
      throw error
    }
  }

  /// The batch at the end counts: readers may have it.
  mutating func accept(count: UInt64, bytes: Int) {
    catalogue.extend(from: next, count: count, at: end, bytes: bytes)
    end += bytes
    next += count
  }

  mutating func noteSynced() {
    syncedEnd = end
    syncedNext = next
  }

  /// The orderly end: everything on disk, the room ahead given back.
  mutating func finish() throws(SystemError) {
    try heal()
    if !isSynced {
      try flush()
      noteSynced()
    }
    try options.operations.cut(file, end)
  }

  private mutating func heal() throws(SystemError) {
    switch trust {
    case .sound: return
    case .mustCut:
      do {
        try options.operations.cut(file, end)
        // Flushed, so that a batch that was said to have failed is not there after a power cut.
        try options.operations.flush(file)
        reservedEnd = end
        syncedEnd = end
        syncedNext = next
      } catch {
        trust = .mustMove
        return try heal()
      }
    case .mustMove: try moveUnsynced()
    }
    trust = .sound
  }

  private mutating func startNextSegment() throws(SystemError) {
    if !isSynced {
      try flush()
      noteSynced()
    }
    // Zeros at the end of a sealed segment do no harm, they only take room.
    try? options.operations.cut(file, end)
    do {
      try begin(first: next, beginning: [])
    } catch {
      trust = .mustMove
      throw error
    }
  }

  /// Begins a segment with the records that were accepted but are not known to be on disk: read back from memory, where
  /// the kernel still has them, and each one checked. The old file stays as it is; it ends where the new one begins.
  private mutating func moveUnsynced() throws(SystemError) {
    let bytes = try file.read(end - syncedEnd, at: syncedEnd)
    let scan = bytes.withUnsafeBytes { SegmentScan.check($0, first: syncedNext) }
    guard scan.end == end - syncedEnd, scan.holes.isEmpty, scan.next == next else {
      throw SystemError("read back", file.path, code: SystemError.inputOutput)
    }
    try begin(first: syncedNext, beginning: bytes)
  }

  private mutating func begin(first: UInt64, beginning: [UInt8]) throws(SystemError) {
    let made = try LogDirectory.makeSegment(
      in: directory, id: id, first: first, beginning: beginning, options.operations)
    var segment = Segment(first: first, path: made.file.path)
    if next > first {
      segment.extend(from: first, count: next - first, at: made.headerBytes, bytes: beginning.count)
    }
    catalogue.add(segment)
    file = made.file
    headerEnd = made.headerBytes
    end = made.headerBytes + beginning.count
    reservedEnd = end
    noteSynced()
  }
}
