/// Writing scalars as UTF-8 into byte arrays.
enum UTF8Encoding {
  /// Writes a scalar to memory and returns how many bytes it took, four at most.
  @inline(__always)
  static func write(_ scalar: UInt32, to out: UnsafeMutablePointer<UInt8>) -> Int {
    if scalar < 0x80 {
      out[0] = UInt8(truncatingIfNeeded: scalar)
      return 1
    }
    if scalar < 0x800 {
      out[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
      out[1] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
      return 2
    }
    if scalar < 0x1_0000 {
      out[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
      out[1] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F)
      out[2] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
      return 3
    }
    out[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18 & 0x07)
    out[1] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F)
    out[2] = UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F)
    out[3] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
    return 4
  }

  @inline(__always)
  static func append<Bytes: RangeReplaceableCollection>(_ scalar: UInt32, to out: inout Bytes)
  where Bytes.Element == UInt8 {
    if scalar < 0x80 {
      out.append(UInt8(truncatingIfNeeded: scalar))
    } else if scalar < 0x800 {
      out.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
      out.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    } else if scalar < 0x1_0000 {
      out.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
      out.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
      out.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    } else {
      out.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18 & 0x07))
      out.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3F))
      out.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3F))
      out.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F))
    }
  }
}
