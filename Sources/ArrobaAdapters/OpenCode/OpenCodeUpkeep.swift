/// When a server has grown too large.
enum OpenCodeUpkeep {
  enum Verdict: Equatable {
    case fine
    case recycleWhenIdle(String)
    case recycleSoon(String)
  }

  static let everyMs = 60_000

  static func judge(residentBytes: Int) -> Verdict {
    let gib = Double(residentBytes) / Double(1 << 30)
    let words = "OpenCode's server takes \((gib * 10).rounded() / 10) GiB"
    if residentBytes > 6 << 30 { return .recycleSoon(words) }
    return residentBytes > 2 << 30 ? .recycleWhenIdle(words) : .fine
  }
}
