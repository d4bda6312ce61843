/// The numbers of a control sequence. An absent one is -1; a `:` makes a number part of the one before it.
struct Parameters {
  /// As many as any terminal reads; further ones are dropped, the sequence still counts.
  static let limit = 32
  static let largest: Int32 = 65_535

  private var values = InlineArray<32, Int32>(repeating: -1)
  private var parts: UInt32 = 0
  private(set) var count = 0
  private var isFull = false

  @inline(__always) mutating func begin() {
    count = 0
    parts = 0
    isFull = false
  }

  @inline(__always) mutating func digit(_ byte: UInt8) {
    if isFull { return }
    if count == 0 { open(isPart: false) }
    let old = values[count - 1]
    let new = (old < 0 ? 0 : old * 10) + Int32(byte & 0x0F)
    values[count - 1] = min(new, Self.largest)
  }

  @inline(__always) mutating func separator(isPart: Bool) {
    if count == 0 { open(isPart: false) }
    guard count < Self.limit else {
      isFull = true
      return
    }
    open(isPart: isPart)
  }

  private mutating func open(isPart: Bool) {
    values[count] = -1
    if isPart { parts |= 1 << UInt32(count) }
    count += 1
  }

  /// The number as written, -1 when it is absent.
  @inline(__always) func raw(_ index: Int) -> Int { index < count ? Int(values[index]) : -1 }

  /// The number, 0 when it is absent.
  @inline(__always) func value(_ index: Int) -> Int { max(0, raw(index)) }

  /// A count: absent and 0 mean 1.
  @inline(__always) func amount(_ index: Int = 0) -> Int { max(1, raw(index)) }

  /// Whether a number was joined to the one before it by `:`.
  @inline(__always) func isPart(_ index: Int) -> Bool { parts & 1 << UInt32(index & 31) != 0 }

  var hasParts: Bool { parts != 0 }
}
