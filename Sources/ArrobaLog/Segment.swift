internal import Synchronization

/// A stretch of records without a hole in one segment, with a sparse index into it.
struct Stretch: Sendable, Equatable {
  /// Where a record begins that a reader may start from.
  struct Landmark: Sendable, Equatable {
    let seq: UInt64
    let offset: Int
  }

  /// A landmark at most this far from the one before: a reader looks at a quarter of a mebibyte in vain at worst,
  /// and a full segment costs 64 landmarks of 16 bytes.
  static let landmarkBytes = 256 << 10
  static let landmarkRecords: UInt64 = 256

  let first: UInt64
  private(set) var next: UInt64
  private(set) var end: Int
  private var landmarks: [Landmark]

  init(first: UInt64, start: Int) {
    self.first = first
    next = first
    end = start
    landmarks = [Landmark(seq: first, offset: start)]
  }

  /// Takes in a batch that follows at once.
  mutating func extend(count: UInt64, bytes: Int) {
    if let last = landmarks.last,
      next - last.seq >= Self.landmarkRecords || end - last.offset >= Self.landmarkBytes
    {
      landmarks.append(Landmark(seq: next, offset: end))
    }
    next += count
    end += bytes
  }

  /// The nearest landmark at or before that record.
  func landmark(for seq: UInt64) -> Landmark? {
    var low = 0
    var high = landmarks.count
    while low < high {
      let middle = (low + high) / 2
      if landmarks[middle].seq <= seq { low = middle + 1 } else { high = middle }
    }
    return landmarks[max(0, low - 1)]
  }
}

/// One segment file as its readers know it: which records are where.
struct Segment: Sendable {
  let first: UInt64
  let path: String
  var stretches: [Stretch] = []

  /// One past the last record that can be read, or the first where there is none.
  var next: UInt64 { stretches.last?.next ?? first }

  mutating func extend(from seq: UInt64, count: UInt64, at offset: Int, bytes: Int) {
    let follows = stretches.last.map { $0.next == seq && $0.end == offset } ?? false
    if !follows { stretches.append(Stretch(first: seq, start: offset)) }
    stretches[stretches.count - 1].extend(count: count, bytes: bytes)
  }
}

/// The segments that are kept, oldest first. The writer adds, the loop drops, the reader looks up.
final class Catalogue: Sendable {
  private let segments: Mutex<[Segment]>

  init(_ segments: [Segment]) {
    self.segments = Mutex(segments)
  }

  var snapshot: [Segment] { segments.withLock { $0 } }

  /// Adds the next segment, or replaces the newest where both begin with the same record.
  func add(_ segment: Segment) {
    segments.withLock { segments in
      if segments.last?.first == segment.first { segments.removeLast() }
      segments.append(segment)
    }
  }

  /// Notes a batch that is in the newest segment.
  func extend(from seq: UInt64, count: UInt64, at offset: Int, bytes: Int) {
    segments.withLock { segments in
      guard !segments.isEmpty else { return }
      segments[segments.count - 1].extend(from: seq, count: count, at: offset, bytes: bytes)
    }
  }

  /// The stretch that holds that record, or the next one after it.
  func find(_ seq: UInt64) -> (path: String, stretch: Stretch)? {
    segments.withLock { segments in
      for (index, segment) in segments.enumerated() {
        // A segment ends where the next one begins, whatever is left in its file.
        let limit = index + 1 < segments.count ? segments[index + 1].first : UInt64.max
        guard seq < min(segment.next, limit) else { continue }
        for stretch in segment.stretches where seq < stretch.next && stretch.first < limit {
          return (segment.path, stretch)
        }
      }
      return nil
    }
  }

  /// The first record of the segment after the one of that record: where that segment ends for its readers.
  func limit(ofSegmentHolding seq: UInt64) -> UInt64 {
    segments.withLock { segments in
      segments.first { $0.first > seq }?.first ?? UInt64.max
    }
  }

  /// Takes out the whole sealed segments that hold nothing from that record on.
  func drop(before seq: UInt64) -> (paths: [String], oldest: UInt64) {
    segments.withLock { segments in
      var count = 0
      while count + 1 < segments.count, segments[count + 1].first <= seq { count += 1 }
      let paths = segments[..<count].map(\.path)
      segments.removeFirst(count)
      return (paths, segments.first?.first ?? 1)
    }
  }
}
