internal import ArrobaSystem
internal import ArrobaTime

/// Times and sizes as people say them.
package enum Humane {
  /// "now", "12s", "3m", "5h", "4d": how long ago, in its largest unit.
  package static func age(_ milliseconds: Int) -> String {
    let seconds = max(0, milliseconds) / 1000
    return switch seconds {
    case 0: "now"
    case 1..<60: "\(seconds)s"
    case 60..<3600: "\(seconds / 60)m"
    case 3600..<172_800: "\(seconds / 3600)h"
    default: "\(seconds / 86_400)d"
    }
  }

  /// "340 ms", "3.4 s", "34 s", "2m 5s": how long something took.
  package static func duration(_ milliseconds: Int) -> String {
    switch milliseconds {
    case ..<1000: "\(max(0, milliseconds)) ms"
    case ..<10_000: "\(milliseconds / 1000).\(milliseconds / 100 % 10) s"
    case ..<60_000: "\(milliseconds / 1000) s"
    case ..<3_600_000: "\(milliseconds / 60_000)m \(milliseconds / 1000 % 60)s"
    default: "\(milliseconds / 3_600_000)h \(milliseconds / 60_000 % 60)m"
    }
  }

  /// "812", "3.4k", "120k".
  package static func count(_ number: Int) -> String {
    switch number {
    case ..<1000: "\(number)"
    case ..<10_000: "\(number / 1000).\(number / 100 % 10)k"
    case ..<1_000_000: "\(number / 1000)k"
    default: "\(number / 1_000_000).\(number / 100_000 % 10)M"
    }
  }

  /// The age of an instant of the protocol; nil for what is none.
  package static func age(since instant: String?, nowMs: Int) -> String? {
    instant.flatMap { CivilTime.milliseconds(rfc3339: $0) }.map { age(nowMs - $0) }
  }

  /// How long it is until an instant of the protocol; nil for what is none.
  package static func age(until instant: String?, nowMs: Int) -> String? {
    instant.flatMap { CivilTime.milliseconds(rfc3339: $0) }.map { age($0 - nowMs) }
  }

  /// Words of the daemon in which an instant stands behind "at": it becomes how long that is from then on, "in 4 s".
  package static func sinceNow(_ text: String, nowMs: Int) -> String {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    for index in words.indices.dropLast().reversed() where words[index] == "at" {
      let word = words[index + 1]
      let instant = word.prefix { $0.isLetter || $0.isNumber || "-:.".contains($0) }
      guard let ms = CivilTime.milliseconds(rfc3339: String(instant)) else { continue }
      // In whole seconds, and never sooner than it is.
      let seconds = max(0, ms - nowMs + 999) / 1000
      let left = seconds < 60 ? "\(seconds) s" : duration(seconds * 1000)
      words[index] = "in"
      words[index + 1] = left + word.dropFirst(instant.count)
    }
    return words.joined(separator: " ")
  }

  /// "812 B", "3.4 MB".
  package static func bytes(_ count: Int) -> String {
    let units = ["kB", "MB", "GB", "TB"]
    guard count >= 1000 else { return "\(count) B" }
    var tenths = count / 100
    var unit = 0
    while tenths >= 10_000 && unit < units.count - 1 {
      tenths /= 1000
      unit += 1
    }
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }

  /// A path with the user's home as ~.
  package static func path(_ path: String, home: String?) -> String {
    guard let home, home.count > 1 else { return path }
    if path == home { return "~" }
    return path.hasPrefix(home + "/") ? "~" + path.dropFirst(home.count) : path
  }

  /// An instant of the protocol in local time, to the second; the text itself where it is none.
  package static func local(_ instant: String) -> String {
    guard let milliseconds = CivilTime.milliseconds(rfc3339: instant) else { return instant }
    return String(CivilTime.local(milliseconds).prefix(19))
  }
}
