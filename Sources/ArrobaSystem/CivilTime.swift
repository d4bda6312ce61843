internal import CPty
internal import Glibc

/// Instants as people and protocols write them; counted as milliseconds since 1970 in UTC.
package enum CivilTime {
  package struct Parts: Equatable, Sendable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    package var millisecond: Int
  }

  /// "2026-07-30T04:31:52.123Z": how the protocol writes an instant.
  package static func rfc3339(_ milliseconds: Int) -> String {
    let parts = utc(milliseconds)
    return "\(date(parts, separator: "-"))T\(time(parts, separator: ":")).\(padded(parts.millisecond, 3))Z"
  }

  /// "20260730T043152.123Z": sorts by time as a file name.
  package static func compact(_ milliseconds: Int) -> String {
    let parts = utc(milliseconds)
    return "\(date(parts, separator: ""))T\(time(parts, separator: "")).\(padded(parts.millisecond, 3))Z"
  }

  /// "2026-07-30 06:31:52.123" in the time zone of this machine.
  package static func local(_ milliseconds: Int) -> String {
    var seconds = time_t(milliseconds.flooredDivision(by: 1000))
    var broken = tm()
    localtime_r(&seconds, &broken)
    let parts = Parts(
      year: Int(broken.tm_year) + 1900, month: Int(broken.tm_mon) + 1, day: Int(broken.tm_mday),
      hour: Int(broken.tm_hour), minute: Int(broken.tm_min), second: Int(broken.tm_sec),
      millisecond: milliseconds.flooredRemainder(by: 1000))
    return "\(date(parts, separator: "-")) \(time(parts, separator: ":")).\(padded(parts.millisecond, 3))"
  }

  /// The instant that an RFC 3339 text in UTC names; nil for anything else. A fraction finer than ours is cut.
  package static func milliseconds(rfc3339 text: String) -> Int? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count else { return nil }
      return bytes[range].reduce(Int?(0)) { sum, byte in
        guard let sum, 0x30...0x39 ~= byte else { return nil }
        return sum * 10 + Int(byte - 0x30)
      }
    }
    guard bytes.count >= 20, bytes[4] == 0x2D, bytes[7] == 0x2D, bytes[13] == 0x3A, bytes[16] == 0x3A,
      bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[bytes.count - 1] | 0x20 == UInt8(ascii: "z"),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      1...12 ~= month, 1...31 ~= day, hour < 24, minute < 60, second <= 60
    else { return nil }
    var fraction = 0
    if bytes.count > 20 {
      guard bytes[19] == 0x2E, bytes.count > 21, number(20..<(bytes.count - 1)) != nil else { return nil }
      for index in 20..<23 {
        fraction = fraction * 10 + (index < bytes.count - 1 ? Int(bytes[index] - 0x30) : 0)
      }
    }
    let days = dayNumber(year: year, month: month, day: day)
    return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction
  }

  package static func utc(_ milliseconds: Int) -> Parts {
    let days = milliseconds.flooredDivision(by: 86_400_000)
    let rest = milliseconds.flooredRemainder(by: 86_400_000)
    // Days since 1 March of year 0, in eras of 400 years (Hinnant, "chrono-compatible low-level date algorithms").
    let shifted = days + 719_468
    let era = shifted.flooredDivision(by: 146_097)
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * ofYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return Parts(
      year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month: month,
      day: ofYear - (153 * shiftedMonth + 2) / 5 + 1, hour: rest / 3_600_000, minute: rest / 60_000 % 60,
      second: rest / 1000 % 60, millisecond: rest % 1000)
  }

  private static func dayNumber(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.flooredDivision(by: 400)
    let yearOfEra = shiftedYear - era * 400
    let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
  }

  private static func date(_ parts: Parts, separator: String) -> String {
    "\(padded(parts.year, 4))\(separator)\(padded(parts.month, 2))\(separator)\(padded(parts.day, 2))"
  }

  private static func time(_ parts: Parts, separator: String) -> String {
    "\(padded(parts.hour, 2))\(separator)\(padded(parts.minute, 2))\(separator)\(padded(parts.second, 2))"
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

extension Int {
  fileprivate func flooredDivision(by divisor: Int) -> Int {
    self >= 0 ? self / divisor : (self + 1) / divisor - 1
  }
  fileprivate func flooredRemainder(by divisor: Int) -> Int { self - flooredDivision(by: divisor) * divisor }
}
