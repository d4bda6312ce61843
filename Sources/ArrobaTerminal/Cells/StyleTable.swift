/// The styles in use, each once; a cell holds the number of its style. Number 0 is always the plain style.
///
/// Numbers stay what they are until a sweep finds that no cell uses them.
struct StyleTable {
  /// Above this many styles at once a new one is drawn plain: it bounds the table at about 6 MB.
  static let limit = 1 << 18

  private var styles: ContiguousArray<Style> = [.plain]
  private var free: ContiguousArray<UInt32> = []
  /// Open addressing; `empty` marks a hole.
  private var slots = ContiguousArray<UInt32>(repeating: empty, count: 16)
  private static let empty = UInt32.max
  private var plan = SweepPlan(first: 2048, limit: limit)

  init() { insert(0) }

  var count: Int { styles.count - free.count }
  var isCrowded: Bool { plan.isDue(count) }
  var capacity: Int { styles.count }
  var footprint: Int { styles.capacity * MemoryLayout<Style>.stride + 4 * (slots.capacity + free.capacity) }

  @inline(__always) subscript(_ id: UInt32) -> Style {
    Int(id) < styles.count ? styles[Int(id)] : .plain
  }

  /// The number of a style, given one if it is new.
  mutating func intern(_ style: Style) -> UInt32 {
    if style == .plain { return 0 }
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: style.hash) & mask
    while slots[slot] != Self.empty {
      let id = slots[slot]
      if styles[Int(id)] == style { return id }
      slot = (slot + 1) & mask
    }
    return add(style)
  }

  private mutating func add(_ style: Style) -> UInt32 {
    plan.note()
    guard count < Self.limit else { return 0 }
    let id: UInt32
    if let reused = free.popLast() {
      id = reused
      styles[Int(id)] = style
    } else {
      id = UInt32(styles.count)
      styles.append(style)
    }
    if (count + 1) * 2 > slots.count { rebuild(size: slots.count * 2) } else { insert(id) }
    return id
  }

  private mutating func insert(_ id: UInt32) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: styles[Int(id)].hash) & mask
    while slots[slot] != Self.empty { slot = (slot + 1) & mask }
    slots[slot] = id
  }

  private mutating func rebuild(size: Int) {
    let unused = Set(free)
    slots = ContiguousArray(repeating: Self.empty, count: size)
    for id in styles.indices where !unused.contains(UInt32(id)) { insert(UInt32(id)) }
  }

  /// Forgets every style that is not marked as used.
  mutating func sweep(used: [Bool]) {
    free.removeAll(keepingCapacity: true)
    for id in styles.indices.dropFirst() where !used[id] {
      free.append(UInt32(id))
      styles[id] = .plain
    }
    while let last = free.last, Int(last) == styles.count - 1 {
      free.removeLast()
      styles.removeLast()
    }
    var size = 16
    while size < (count + 1) * 2 { size *= 2 }
    rebuild(size: size)
    plan.swept(count)
  }

  /// The links that some style still names.
  func markLinks(_ mark: (UInt16) -> Void) {
    for style in styles where style.link != 0 { mark(style.link) }
  }
}
