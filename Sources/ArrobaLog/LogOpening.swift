internal import ArrobaSystem

/// Opens a log: first only looks, then reads everything in order, and changes something last, when all else went well.
struct LogOpening {
  private struct Found {
    let first: UInt64
    let path: String
  }

  let directory: String
  let options: LogOptions

  private var recovery = LogRecovery()
  private var segments: [Segment] = []
  private let buffer = FileBuffer()

  init(directory: String, options: LogOptions) {
    self.directory = directory
    self.options = options
  }

  mutating func run(
    _ fold: (UInt64, UnsafeRawBufferPointer) throws -> Void
  ) throws(LogError) -> (tail: SegmentTail, recovery: LogRecovery) {
    do {
      try Files.makeDirectory(directory)
      let names = try Files.list(directory)
      let found = self.found(names)
      let id = try identify(found)
      var newest: SegmentScan?
      for (index, segment) in found.enumerated() {
        let limit = index + 1 < found.count ? found[index + 1].first : UInt64.max
        newest = try read(segment, limit: limit, fold)
      }
      for name in names where LogDirectory.isUnfinished(name) { try Files.remove("\(directory)/\(name)") }
      recovery.hasNewID = id == nil
      let tail = try settle(id: id ?? LogDirectory.makeID(), newest)
      return (tail, recovery)
    } catch let error as SystemError {
      throw .storage(error)
    } catch let error as LogError {
      throw error
    } catch {
      throw .damaged(path: directory, reason: "\(error)")
    }
  }

  private func found(_ names: [String]) -> [Found] {
    names.compactMap { name in
      LogDirectory.first(inSegmentName: name).map { Found(first: $0, path: "\(directory)/\(name)") }
    }
  }

  /// Why the log could not be opened, as far as the first lines of its files tell; nil for one that is not there.
  /// Touches nothing, also beside a daemon that writes.
  func fault() -> LogError? {
    do {
      guard Files.status(directory) != nil else { return nil }
      _ = try identify(found(try Files.list(directory)))
      return nil
    } catch let error as LogError {
      return error
    } catch let error as SystemError {
      return .storage(error)
    } catch {
      return .damaged(path: directory, reason: "\(error)")
    }
  }

  /// The id that the headers tell; nil where none can be read. Touches nothing.
  private func identify(_ found: [Found]) throws -> String? {
    var id: (String, path: String)?
    for segment in found {
      let beginning = try Files.read(segment.path, atMost: 256)
      let header = beginning.withUnsafeBytes { bytes in
        LogFormat.header(
          UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.firstIndex(of: 0x0A) ?? bytes.count)]))
      }
      switch header {
      case .unreadable: continue
      case .newer(let format):
        throw LogError.newerFormat(found: format, known: LogFormat.version, path: segment.path)
      case .ours(let ours, let first):
        guard first == segment.first else {
          throw LogError.damaged(
            path: segment.path, reason: "it begins with \(first); give it the name of that number")
        }
        if let (known, path) = id, known != ours {
          let reason = "it belongs to the log \(ours), \(path) to \(known); move one of the two away"
          throw LogError.damaged(path: segment.path, reason: reason)
        }
        id = (ours, segment.path)
      }
    }
    return id?.0
  }

  private mutating func read(
    _ found: Found, limit: UInt64, _ fold: (UInt64, UnsafeRawBufferPointer) throws -> Void
  ) throws -> SegmentScan {
    if let before = segments.last, before.next < found.first {
      let known = recovery.holes.last.map { $0.missing.upperBound == found.first } ?? false
      if !known { note(found, SegmentScan.Hole(offset: 0, bytes: 0, missing: before.next..<found.first)) }
    }
    let bytes = try buffer.load(found.path)
    let path = found.path
    let scan = try SegmentScan.run(bytes, first: found.first, limit: limit) { seq, payload throws(LogError) in
      do {
        try fold(seq, payload)
      } catch {
        throw .refused(seq: seq, path: path, reason: "\(error)")
      }
    }
    for hole in scan.holes { note(found, hole) }
    // What stands behind the last whole batch of a sealed segment was whole once.
    let rest = buffer.lengthWithoutZeros - scan.end
    if limit != UInt64.max, rest > 0, scan.superseded == 0 {
      note(found, SegmentScan.Hole(offset: scan.end, bytes: rest, missing: scan.next..<max(scan.next, limit)))
    }
    recovery.records += scan.records
    recovery.superseded += scan.superseded
    segments.append(Segment(first: found.first, path: found.path, stretches: scan.stretches))
    return scan
  }

  private mutating func note(_ found: Found, _ hole: SegmentScan.Hole) {
    recovery.holes.append(
      LogRecovery.Hole(path: found.path, offset: hole.offset, bytes: hole.bytes, missing: hole.missing))
  }

  /// Makes the end of the newest segment, whose bytes are still in the buffer, fit for the next batch.
  private mutating func settle(id: String, _ newest: SegmentScan?) throws -> SegmentTail {
    guard let scan = newest, let segment = segments.last else { return try begin(id: id, first: 1) }
    let file = try AppendFile.open(segment.path)
    let rest = buffer.lengthWithoutZeros - scan.end
    if rest > 0 { try setAside(from: scan.end, rest, of: segment.path, next: scan.next) }
    if scan.hasHeader || scan.records > 0, try file.size() > scan.end {
      try options.operations.cut(file, scan.end)
    }
    // A process that was killed may have left its last lines, and the name of this file, in the kernel's memory only.
    try options.operations.flush(file)
    try Files.flushDirectory(directory)
    guard scan.hasHeader else {
      // Nothing is added to a file that cannot say what it is. One without a record is replaced: it was copied.
      if scan.records == 0 { segments.removeLast() }
      return try begin(id: id, first: scan.next)
    }
    return SegmentTail(
      directory: directory, id: id, options: options, catalogue: Catalogue(segments), file: file,
      headerEnd: scan.end, end: scan.end, next: scan.next)
  }

  private func begin(id: String, first: UInt64) throws(SystemError) -> SegmentTail {
    let made = try LogDirectory.makeSegment(
      in: directory, id: id, first: first, beginning: [], options.operations)
    let catalogue = Catalogue(segments + [Segment(first: first, path: made.file.path)])
    return SegmentTail(
      directory: directory, id: id, options: options, catalogue: catalogue, file: made.file,
      headerEnd: made.headerBytes, end: made.headerBytes, next: first)
  }

  /// Copies bytes to a file of their own and waits until the copy is on the disk; only then may they be cut off.
  private mutating func setAside(from offset: Int, _ count: Int, of segment: String, next: UInt64) throws {
    let bytes = UnsafeRawBufferPointer(rebasing: buffer.bytes[offset..<(offset + count)])
    let copy = try makeUnique(next: next)
    try options.operations.write(copy, bytes, 0)
    try options.operations.flush(copy)
    try Files.flushDirectory(directory)
    recovery.setAside = LogRecovery.SetAside(segment: segment, file: copy.path, bytes: count)
  }

  private func makeUnique(next: UInt64) throws(SystemError) -> AppendFile {
    let now = Clock.wallMs()
    // A name is taken only where a log was opened twice in a millisecond.
    var wallMs = now
    while Files.status("\(directory)/\(LogDirectory.damagedName(next: next, wallMs: wallMs))") != nil {
      wallMs += 1
    }
    return try AppendFile.createUnique("\(directory)/\(LogDirectory.damagedName(next: next, wallMs: wallMs))")
  }
}

/// The bytes of one file at a time, in memory that the next one takes over.
///
/// Read and not mapped: a disk that fails then gives an error and not a signal.
private final class FileBuffer {
  private var room = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 16)
  private(set) var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Up to the last byte that is not zero: what follows is room that was made ahead and never written.
  private(set) var lengthWithoutZeros = 0

  deinit { room.deallocate() }

  func load(_ path: String) throws(SystemError) -> UnsafeRawBufferPointer {
    let file = try AppendFile.openForReading(path)
    let size = try file.size()
    if room.count < size {
      room.deallocate()
      room = .allocate(byteCount: size, alignment: 16)
    }
    let got = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: room[..<size]), at: 0)
    bytes = UnsafeRawBufferPointer(rebasing: room[..<got])
    lengthWithoutZeros = got
    while lengthWithoutZeros > 0, room[lengthWithoutZeros - 1] == 0 { lengthWithoutZeros -= 1 }
    return bytes
  }
}
