import ArrobaSystem
import ArrobaTestSupport
import ArrobaTime
import Glibc
import Testing

@Suite("The calendar")
struct CivilTimeTests {
  private static let instants: [(Int, String, String)] = [
    (0, "1970-01-01T00:00:00.000Z", "19700101T000000.000Z"),
    (-1, "1969-12-31T23:59:59.999Z", "19691231T235959.999Z"),
    (951_782_400_000, "2000-02-29T00:00:00.000Z", "20000229T000000.000Z"),
    (1_785_385_912_123, "2026-07-30T04:31:52.123Z", "20260730T043152.123Z"),
    (253_402_300_799_999, "9999-12-31T23:59:59.999Z", "99991231T235959.999Z"),
    (-62_167_219_200_000, "0000-01-01T00:00:00.000Z", "00000101T000000.000Z"),
  ]

  @Test("An instant is written, and read back", arguments: instants)
  func both(_ milliseconds: Int, _ text: String, _ compact: String) {
    #expect(CivilTime.rfc3339(milliseconds) == text && CivilTime.compact(milliseconds) == compact)
    #expect(
      CivilTime.milliseconds(rfc3339: text) == milliseconds
        && CivilTime.milliseconds(exactly: text) == milliseconds)
  }

  @Test("Every day of 800 years follows the one before it, and is the C library's")
  func days() {
    for day in stride(from: -146_097, to: 146_097, by: 1) {
      let parts = CivilTime.utc(day * 86_400_000)
      var seconds = time_t(day * 86_400)
      var broken = tm()
      gmtime_r(&seconds, &broken)
      guard parts.year == Int(broken.tm_year) + 1900, parts.month == Int(broken.tm_mon) + 1,
        parts.day == Int(broken.tm_mday)
      else {
        Issue.record("day \(day) is \(parts)")
        return
      }
    }
  }

  private static let lenient: [(String, Int?)] = [
    ("1970-01-01T00:00:01Z", 1000), ("1970-01-01t00:00:01z", 1000), ("1970-01-01T00:00:00.5Z", 500),
    ("1970-01-01T00:00:00.05Z", 50), ("1970-01-01T00:00:00.123456789123Z", 123),
    ("1970-01-01T00:00:60.000Z", 60_000),
    ("1970-01-01T00:00:00.Z", nil), ("1970-01-01T00:00:00.1x3Z", nil), ("1970-01-01T00:00:61Z", nil),
    ("1970-01-01T24:00:00Z", nil),
    ("1970-01-01T00:60:00Z", nil), ("1970-13-01T00:00:00Z", nil), ("1970-00-01T00:00:00Z", nil),
    ("1970-01-32T00:00:00Z", nil),
    ("1970-02-29T00:00:00Z", nil), ("1970-01-01T00:00:00+01:00", nil), ("1970-01-01 00:00:00Z", nil),
    ("1970/01/01T00:00:00Z", nil),
    ("1970-01-01T00:00:00", nil), ("Z", nil), ("", nil), ("19700101T000000Z", nil),
    ("197x-01-01T00:00:00Z", nil),
  ]

  @Test(
    "What others write is read as far as it means something; exactly is only what we write",
    arguments: lenient)
  func reading(_ text: String, _ milliseconds: Int?) {
    #expect(CivilTime.milliseconds(rfc3339: text) == milliseconds)
    #expect(CivilTime.milliseconds(exactly: text) == nil)
  }

  @Test("Any instant comes back as it was")
  func any() {
    var random = SeededGenerator(seed: 21)
    for _ in 0..<2000 {
      let ms = Int.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random)
      #expect(CivilTime.milliseconds(exactly: CivilTime.rfc3339(ms)) == ms)
    }
  }

  @Test("Local time is the C library's")
  func local() {
    var seconds = time_t(1_785_385_912)
    var broken = tm()
    localtime_r(&seconds, &broken)
    let text = CivilTime.local(1_785_385_912_007)
    #expect(text.hasPrefix("2026-07-") && text.hasSuffix(":52.007") && text.utf8.count == 23)
    #expect(text.contains(" \(broken.tm_hour < 10 ? "0" : "")\(broken.tm_hour):"))
  }
}
