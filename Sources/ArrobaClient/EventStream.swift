package import ArrobaJSON

/// A subscription to the daemon's events (protocol.md, section 7).
package struct EventStream {
  package enum Start: Equatable, Sendable {
    case beginning
    case now
    /// After that event of the daemon's present log.
    case sequence(Int)
  }

  package enum Item: Equatable {
    /// The parameters of one event, as they came.
    case event(JSON)
    /// Nothing happened; the log ends there.
    case heartbeat(head: Int)
  }

  package let from: Int
  package let head: Int
  /// What was asked for and is no longer there, as the daemon tells it.
  package let gap: JSON?
  private let connection: Connection
  private let subscription: String

  package init(_ connection: Connection, after start: Start, session: String?) throws(ClientError) {
    self.connection = connection
    let after: JSON
    switch start {
    case .beginning: after = "start"
    case .now: after = "now"
    case .sequence(let number): after = ["log": .string(try Self.logID(of: connection)), "seq": .int(number)]
    }
    let result = try connection.call(
      "events.subscribe", .record(["after": after, "session": .text(session)]), timeoutMs: nil)
    guard let name = result["subscription"]?.string else {
      throw .malformed("the daemon subscribed, but named no subscription")
    }
    subscription = name
    from = result["from"]?.int ?? 0
    head = result["head"]?.int ?? 0
    if let missing = result["gap"], !missing.isNull { gap = missing } else { gap = nil }
  }

  /// The log's id comes with the hello; a request is what makes it come.
  private static func logID(of connection: Connection) throws(ClientError) -> String {
    if connection.daemon == nil { _ = try connection.call("daemon.ping", [:], timeoutMs: nil) }
    return connection.daemon?.logID ?? ""
  }

  /// What comes next; nil when the time is up.
  package func next(timeoutMs: Int?) throws(ClientError) -> Item? {
    while let notification = try connection.nextNotification(timeoutMs: timeoutMs) {
      switch notification.method {
      case "event":
        if notification.params["subscription"]?.string == subscription { return .event(notification.params) }
      case "heartbeat": return .heartbeat(head: notification.params["head"]?.int ?? 0)
      default: continue
      }
    }
    return nil
  }
}
