/// Characters of more than one scalar (a letter with its marks, an emoji with its joiners), each once.
///
/// Every cluster has a fixed place of `stride` scalars, zero behind its end: no holes, no bookkeeping.
struct ClusterTable {
  /// The longest emoji sequences in use have ten scalars; more marks than this on one character are dropped.
  static let stride = 16
  /// Bounds the table at 4 MB; beyond it a character keeps its base only.
  static let limit = 1 << 16

  private var scalars: ContiguousArray<UInt32> = []
  private var free: ContiguousArray<UInt32> = []
  private var slots: ContiguousArray<UInt32> = []
  private static let empty = UInt32.max
  private var plan = SweepPlan(first: 1024, limit: limit)
  /// The latest results of joining, by what was joined: text repeats itself.
  private var recent: ContiguousArray<(glyph: UInt32, scalar: UInt32, result: UInt32)> = []
  private static let recentCount = 256

  var count: Int { capacity - free.count }
  var capacity: Int { scalars.count / Self.stride }
  var isCrowded: Bool { plan.isDue(count) }
  var footprint: Int { 4 * (scalars.capacity + free.capacity + slots.capacity) + 12 * recent.capacity }

  /// The scalars of a glyph, whether it is one scalar or a cluster.
  func expand(_ glyph: UInt32, _ body: (UInt32) -> Void) {
    guard glyph & Cell.clusterBit != 0 else { return body(glyph) }
    let start = Int(glyph & ~Cell.clusterBit) * Self.stride
    guard start < scalars.count else { return body(0xFFFD) }
    for index in start..<start + Self.stride where scalars[index] != 0 { body(scalars[index]) }
  }

  /// The glyph that is another glyph with one more scalar; the glyph itself when it can take no more.
  mutating func joining(_ scalar: UInt32, to glyph: UInt32) -> UInt32 {
    if recent.isEmpty { recent = .init(repeating: (0, 0, 0), count: Self.recentCount) }
    let place = Int((glyph &* 31 &+ scalar) & UInt32(Self.recentCount - 1))
    let known = recent[place]
    if known.glyph == glyph, known.scalar == scalar { return known.result }
    let result = joinAnew(scalar, to: glyph)
    recent[place] = (glyph, scalar, result)
    return result
  }

  private mutating func joinAnew(_ scalar: UInt32, to glyph: UInt32) -> UInt32 {
    var parts = InlineArray<16, UInt32>(repeating: 0)
    var length = 0
    expand(glyph) { part in
      parts[length] = part
      length += 1
    }
    guard length < Self.stride else { return glyph }
    parts[length] = scalar
    guard let id = intern(parts) else { return glyph }
    return id | Cell.clusterBit
  }

  private func hash(_ parts: InlineArray<16, UInt32>) -> Int {
    var h: UInt64 = 0xCBF2_9CE4_8422_2325
    for index in 0..<Self.stride {
      if parts[index] == 0 { break }
      h = (h ^ UInt64(parts[index])) &* 0x9E37_79B9_7F4A_7C15
      h ^= h >> 31
    }
    return Int(truncatingIfNeeded: h)
  }

  private func parts(_ id: UInt32) -> InlineArray<16, UInt32> {
    var parts = InlineArray<16, UInt32>(repeating: 0)
    let start = Int(id) * Self.stride
    for index in 0..<Self.stride { parts[index] = scalars[start + index] }
    return parts
  }

  private func equals(_ id: UInt32, _ parts: InlineArray<16, UInt32>) -> Bool {
    let start = Int(id) * Self.stride
    for index in 0..<Self.stride where scalars[start + index] != parts[index] { return false }
    return true
  }

  private mutating func intern(_ parts: InlineArray<16, UInt32>) -> UInt32? {
    if slots.isEmpty { rebuild(size: 16) }
    let mask = slots.count - 1
    var slot = hash(parts) & mask
    while slots[slot] != Self.empty {
      if equals(slots[slot], parts) { return slots[slot] }
      slot = (slot + 1) & mask
    }
    plan.note()
    guard count < Self.limit else { return nil }
    let id: UInt32
    if let reused = free.popLast() {
      id = reused
      for index in 0..<Self.stride { scalars[Int(id) * Self.stride + index] = parts[index] }
    } else {
      id = UInt32(capacity)
      for index in 0..<Self.stride { scalars.append(parts[index]) }
    }
    if (count + 1) * 2 > slots.count { rebuild(size: slots.count * 2) } else { slots[slot] = id }
    return id
  }

  private mutating func rebuild(size: Int) {
    let unused = Set(free)
    slots = ContiguousArray(repeating: Self.empty, count: size)
    let mask = size - 1
    for id in 0..<UInt32(capacity) where !unused.contains(id) {
      var slot = hash(parts(id)) & mask
      while slots[slot] != Self.empty { slot = (slot + 1) & mask }
      slots[slot] = id
    }
  }

  /// Forgets every cluster that no cell uses.
  mutating func sweep(used: [Bool]) {
    free.removeAll(keepingCapacity: true)
    recent = []
    for id in 0..<capacity where !used[id] { free.append(UInt32(id)) }
    var size = 16
    while size < (count + 1) * 2 { size *= 2 }
    rebuild(size: size)
    plan.swept(count)
  }
}
