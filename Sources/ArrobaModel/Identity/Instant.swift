/// A point in time: milliseconds since 1970 in UTC, written as RFC 3339 with milliseconds.
package struct Instant: Hashable, Sendable, Comparable {
  package let ms: Int

  package init(ms: Int) { self.ms = ms }

  package static func < (a: Instant, b: Instant) -> Bool { a.ms < b.ms }

  /// "2026-11-25T04:05:06.789Z"; years from 0 to 9999.
  package var text: String {
    let day = Int((Double(ms) / 86_400_000).rounded(.down))
    let time = ms - day * 86_400_000
    let date = Self.civil(day)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    func three(_ value: Int) -> String { value < 100 ? "0\(two(value))" : "\(value)" }
    let year = date.year < 1000 ? "0\(three(date.year))" : "\(date.year)"
    let seconds = time / 1000
    return
      "\(year)-\(two(date.month))-\(two(date.day))T\(two(seconds / 3600)):\(two(seconds / 60 % 60)):"
      + "\(two(seconds % 60)).\(three(time % 1000))Z"
  }

  private static let marks: [(Int, Unicode.Scalar)] = [
    (4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (23, "Z"),
  ]

  /// Reads what `text` writes, and nothing else.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 24, Self.marks.allSatisfy({ bytes[$0.0] == UInt8(ascii: $0.1) }) else { return nil }
    func number(_ range: Range<Int>) -> Int? {
      var value = 0
      for byte in bytes[range] {
        guard byte >= 48 && byte <= 57 else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), let fraction = number(20..<23),
      (1...12).contains(month), hour < 24, minute < 60, second < 60
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    // The 30th of February would be a day of March.
    guard Self.civil(days) == (year, month, day) else { return nil }
    ms = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction
  }

  // The civil calendar by eras of 400 years (Howard Hinnant, "chrono-compatible low-level date algorithms").

  private static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let civilMonth = month < 10 ? month + 3 : month - 9
    return (yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, day)
  }
}
