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

    package init(
      year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, millisecond: Int
    ) {
      self.year = year
      self.month = month
      self.day = day
      self.hour = hour
      self.minute = minute
      self.second = second
      self.millisecond = millisecond
    }

    /// "2026-07-30 06:31:52.123", with other marks between its numbers where these are asked for.
    package func text(date: String = "-", between: String = " ", time: String = ":", end: String = "")
      -> String
    {
      var bytes: [UInt8] = []
      bytes.reserveCapacity(24)
      func put(_ number: Int, _ digits: Int, _ mark: String) {
        let text = String(number).utf8
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, digits - text.count)))
        bytes.append(contentsOf: text)
        bytes.append(contentsOf: mark.utf8)
      }
      put(year, 4, date)
      put(month, 2, date)
      put(day, 2, between)
      put(hour, 2, time)
      put(minute, 2, time)
      put(second, 2, ".")
      put(millisecond, 3, end)
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  // MARK: writing

  /// "2026-07-30T04:31:52.123Z": how the protocol writes an instant.
  package static func rfc3339(_ milliseconds: Int) -> String {
    utc(milliseconds).text(between: "T", end: "Z")
  }

  /// "20260730T043152.123Z": sorts by time as a file name.
  package static func compact(_ milliseconds: Int) -> String {
    utc(milliseconds).text(date: "", between: "T", time: "", end: "Z")
  }

  package static func utc(_ milliseconds: Int) -> Parts {
    let days = milliseconds.flooredDivision(by: 86_400_000)
    let rest = milliseconds - days * 86_400_000
    let date = date(ofDay: days)
    return Parts(
      year: date.year, month: date.month, day: date.day, hour: rest / 3_600_000, minute: rest / 60_000 % 60,
      second: rest / 1000 % 60, millisecond: rest % 1000)
  }

  // MARK: reading

  /// The instant that an RFC 3339 text in UTC names; nil for anything else. A fraction finer than ours is cut.
  package static func milliseconds(rfc3339 text: String) -> Int? {
    var text = text
    return text.withUTF8 { bytes in
      let end = bytes.count - 1
      guard end >= 19, bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[end] | 0x20 == UInt8(ascii: "z") else {
        return nil
      }
      guard end > 19 else { return milliseconds(bytes, fraction: 0) }
      guard bytes[19] == UInt8(ascii: "."), end > 20, number(bytes, 20..<end) != nil else { return nil }
      let digits = min(3, end - 20)
      let fraction = number(bytes, 20..<(20 + digits)).map { $0 * [1, 100, 10, 1][digits] }
      return milliseconds(bytes, fraction: fraction ?? 0)
    }
  }

  /// Reads what `rfc3339` writes for the years from 0 to 9999, and nothing else.
  package static func milliseconds(exactly text: String) -> Int? {
    var text = text
    return text.withUTF8 { bytes in
      guard bytes.count == 24, bytes[10] == UInt8(ascii: "T"), bytes[19] == UInt8(ascii: "."),
        bytes[23] == UInt8(ascii: "Z"), let fraction = number(bytes, 20..<23),
        number(bytes, 17..<19) ?? 60 < 60
      else { return nil }
      return milliseconds(bytes, fraction: fraction)
    }
  }

  /// Date and time in the first 19 bytes.
  private static func milliseconds(_ bytes: UnsafeBufferPointer<UInt8>, fraction: Int) -> Int? {
    let (dash, colon) = (UInt8(ascii: "-"), UInt8(ascii: ":"))
    guard bytes[4] == dash, bytes[7] == dash, bytes[13] == colon, bytes[16] == colon,
      let year = number(bytes, 0..<4), let month = number(bytes, 5..<7), let day = number(bytes, 8..<10),
      let hour = number(bytes, 11..<13), let minute = number(bytes, 14..<16),
      let second = number(bytes, 17..<19),
      1...12 ~= month, hour < 24, minute < 60, second <= 60
    else { return nil }
    let days = dayNumber(year: year, month: month, day: day)
    // The 30th of February would be a day of March.
    guard date(ofDay: days) == (year, month, day) else { return nil }
    return ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + fraction
  }

  private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
    var value = 0
    for index in range {
      guard 0x30...0x39 ~= bytes[index] else { return nil }
      // Of a fraction only the first digits count, however many there are.
      if index - range.lowerBound < 9 { value = value * 10 + Int(bytes[index] - 0x30) }
    }
    return value
  }

  // MARK: the calendar, in eras of 400 years (Howard Hinnant, "chrono-compatible low-level date algorithms")

  private static func dayNumber(year: Int, month: Int, day: Int) -> Int {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.flooredDivision(by: 400)
    let yearOfEra = shiftedYear - era * 400
    let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + ofYear - 719_468
  }

  private static func date(ofDay days: Int) -> (year: Int, month: Int, day: Int) {
    // Days since 1 March of year 0.
    let shifted = days + 719_468
    let era = shifted.flooredDivision(by: 146_097)
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * ofYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}

extension Int {
  package func flooredDivision(by divisor: Int) -> Int {
    self >= 0 ? self / divisor : (self + 1) / divisor - 1
  }
}
