package import ArrobaJSON

/// How sessions, agents and ends of programs are called.
package enum Names {
  /// Short enough to type, long enough to stay unique for a while.
  private static let shortestPrefix = 6

  /// A name for each session that the daemon takes back: its alias, else the shortest beginning of its id.
  package static func references(of sessions: [JSON]) -> [String] {
    let ids = sessions.map { $0["id"]?.string ?? "" }
    let prefixes = prefixes(of: ids)
    return sessions.enumerated().map { index, session in
      session["alias"]?.string ?? prefixes[ids[index]] ?? ids[index]
    }
  }

  /// The shortest beginning of each id that no other one has. Sorted, an id shares most with one of its neighbours.
  private static func prefixes(of ids: [String]) -> [String: String] {
    let sorted = Set(ids).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var result: [String: String] = [:]
    var sharedBefore = 0
    for (index, id) in sorted.enumerated() {
      let next = index + 1 < sorted.count ? sorted[index + 1] : ""
      let sharedAfter = zip(id.utf8, next.utf8).prefix { $0 == $1 }.count
      let count = max(shortestPrefix, max(sharedBefore, sharedAfter) + 1)
      result[id] = String(decoding: id.utf8.prefix(count), as: UTF8.self)
      sharedBefore = sharedAfter
    }
    return result
  }

  package static func prefix(of id: String, among ids: [String]) -> String {
    var count = min(shortestPrefix, id.count)
    while count < id.count, ids.contains(where: { $0 != id && $0.hasPrefix(id.prefix(count)) }) { count += 1 }
    return String(id.prefix(count))
  }

  package static func reference(of session: JSON) -> String {
    session["alias"]?.string ?? String((session["id"]?.string ?? "?").prefix(shortestPrefix + 4))
  }

  /// `SESSION/AGENT` by alias where there is one, else by a piece of the id.
  package static func reference(ofAgent agent: JSON) -> String {
    let session = String((agent["session"]?.string ?? "?").prefix(shortestPrefix + 4))
    return agent["alias"]?.string.map { "\(session)/\($0)" } ?? session
  }

  /// "exited 0", "killed by SIGKILL". On the wire a signal is a negative status.
  package static func exit(_ status: Int32) -> String {
    status >= 0 ? "exited \(status)" : "killed by \(signal(Int(-status)))"
  }

  /// The same of a run's `exit` object; nil where it does not tell.
  package static func exit(_ exit: JSON?) -> String? {
    if let code = exit?["code"]?.int { return "exited \(code)" }
    if let number = exit?["signal"]?.int { return "killed by \(signal(number))" }
    return nil
  }

  /// The status of a run's `exit` object, as on the wire.
  package static func status(_ exit: JSON?) -> Int32? {
    if let code = exit?["code"]?.int { return Int32(truncatingIfNeeded: code) }
    return (exit?["signal"]?.int).map { -Int32(truncatingIfNeeded: $0) }
  }

  private static func signal(_ number: Int) -> String {
    let names = [
      1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS",
      8: "SIGFPE",
      9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
      24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
    ]
    return names[number] ?? "signal \(number)"
  }
}
