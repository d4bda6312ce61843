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

  /// The age of an instant of the protocol; nil for what is none.
  package static func age(since instant: String?, nowMs: Int) -> String? {
    instant.flatMap { CivilTime.milliseconds(rfc3339: $0) }.map { age(nowMs - $0) }
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
