internal import ArrobaJSON

/// An event of `GET /global/event`, or of `GET /event`.
struct OpenCodeEvent: Sendable, Equatable {
  enum What: Sendable, Equatable {
    case connected
    case heartbeat
    case session(OpenCodeSession)
    case sessionDeleted
    case status(OpenCodeStatus)
    /// The session has stopped, for now or for good; said beside `status(.idle)`.
    case idle
    case failure(OpenCodeError)
    case compacted
    case message(OpenCodeMessage)
    case messageRemoved(String)
    case part(OpenCodePart)
    case partDelta(part: String, text: String)
    case partRemoved(String)
    case permissionAsked(OpenCodePermission)
    case permissionReplied(id: String, reply: String?)
    case questionAsked(OpenCodeQuestions)
    case questionReplied(id: String)
    case questionRejected(id: String)
    /// All that ran in that directory was aborted; nil for all directories.
    case disposed(directory: String?)
    /// Known, and of no interest to us.
    case ignored
    case unknown(String)
  }

  /// Unique for each event; older versions have none.
  var id: String?
  /// The session that it is about; nil where it is about none, or does not say.
  var session: String?
  /// The directory that the server did it in.
  var directory: String?
  var what: What

  /// Reads one event's JSON text. Nil for what carries nothing: the copies of type "sync" double the bytes of the stream
  /// and are not even parsed.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> OpenCodeEvent? {
    if isSyncCopy(bytes) { return nil }
    guard let json = try? JSONReader.read(bytes) else { return OpenCodeEvent(what: .unknown("no JSON")) }
    return OpenCodeEvent(json)
  }

  private static let syncMark = Array(#""payload":{"type":"sync""#.utf8)
  /// The mark stands behind directory, project and workspace, and these are paths and ids.
  private static let syncMarkWithin = 16 << 10

  private static func isSyncCopy(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let mark = syncMark
    let end = min(bytes.count, syncMarkWithin) - mark.count
    guard end >= 0 else { return false }
    var position = 0
    while position <= end {
      if bytes[position] == mark[0], bytes[position + 1] == mark[1],
        mark.indices.allSatisfy({ bytes[position + $0] == mark[$0] })
      {
        return true
      }
      // The first payload decides: what follows it is what somebody wrote.
      if bytes[position] == UInt8(ascii: "p"), isPayload(bytes, at: position) { return false }
      position += 1
    }
    return false
  }

  private static let payloadMark = Array(#"payload":{"#.utf8)

  private static func isPayload(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
    guard position + payloadMark.count <= bytes.count else { return false }
    return payloadMark.indices.allSatisfy { bytes[position + $0] == payloadMark[$0] }
  }

  init(session: String? = nil, directory: String? = nil, what: What) {
    self.session = session
    self.directory = directory
    self.what = what
  }

  /// Both envelopes: with a payload on the global stream, without one on a directory's.
  init?(_ json: JSON) {
    let payload = json["payload"] ?? json
    guard let type = payload["type"]?.string, type != "sync" else { return nil }
    let properties = payload["properties"] ?? [:]
    id = payload["id"]?.string
    directory = json["directory"]?.string
    session =
      properties["sessionID"]?.string ?? properties["info"]?["sessionID"]?.string
      ?? properties["part"]?["sessionID"]?.string
    what = .ignored
    if type.hasPrefix("session."), session == nil { session = properties["info"]?["id"]?.string }
    what = Self.what(type, properties, session: session)
  }

  private static func what(_ type: String, _ properties: JSON, session: String?) -> What {
    switch type {
    case "server.connected": .connected
    case "server.heartbeat": .heartbeat
    case "session.created", "session.updated":
      properties["info"].flatMap { OpenCodeSession($0) }.map { .session($0) } ?? .ignored
    case "session.deleted": .sessionDeleted
    case "session.status": properties["status"].map { .status(OpenCodeStatus($0)) } ?? .ignored
    case "session.idle": .idle
    case "session.error": properties["error"].flatMap { OpenCodeError($0) }.map { .failure($0) } ?? .ignored
    case "session.compacted": .compacted
    case "message.updated":
      properties["info"].flatMap { OpenCodeMessage($0, session: session) }.map { .message($0) } ?? .ignored
    case "message.removed": properties["messageID"]?.string.map { .messageRemoved($0) } ?? .ignored
    case "message.part.updated":
      properties["part"].flatMap { OpenCodePart($0, session: session) }.map { .part($0) } ?? .ignored
    case "message.part.delta": delta(properties)
    case "message.part.removed": properties["partID"]?.string.map { .partRemoved($0) } ?? .ignored
    case "permission.asked":
      OpenCodePermission(properties).map { .permissionAsked($0) }
        ?? .unknown("permission.asked without a session")
    case "permission.replied":
      requestID(properties).map {
        .permissionReplied(id: $0, reply: properties["reply"]?.string ?? properties["response"]?.string)
      } ?? .ignored
    case "question.asked":
      OpenCodeQuestions(properties).map { .questionAsked($0) } ?? .unknown("question.asked without a session")
    case "question.replied": requestID(properties).map { .questionReplied(id: $0) } ?? .ignored
    case "question.rejected": requestID(properties).map { .questionRejected(id: $0) } ?? .ignored
    case "server.instance.disposed": .disposed(directory: properties["directory"]?.string)
    case "global.disposed": .disposed(directory: nil)
    default: isOfNoInterest(type) ? .ignored : .unknown(type)
    }
  }

  /// What is added to one text in pieces may be added at once: it keeps a burst of them from being as many events.
  mutating func join(_ next: OpenCodeEvent) -> Bool {
    guard case .partDelta(let part, let text) = what, case .partDelta(part, let more) = next.what,
      session == next.session, directory == next.directory,
      text.utf8.count + more.utf8.count <= Self.longestJoined
    else { return false }
    what = .partDelta(part: part, text: text + more)
    return true
  }

  /// Small beside what a delta of ours may be (4 KiB), so that those stay about that.
  static let longestJoined = 1024

  private static func delta(_ properties: JSON) -> What {
    guard properties["field"]?.string == "text", let part = properties["partID"]?.string,
      let text = properties["delta"]?.string
    else { return .ignored }
    return .partDelta(part: part, text: text)
  }

  private static func requestID(_ properties: JSON) -> String? {
    properties["requestID"]?.string ?? properties["permissionID"]?.string
  }

  /// Families of events about what we do not show, and those of a second runner that must not be listened to.
  private static let ofNoInterest = [
    "session.next.", "permission.v2.", "question.v2.", "session.diff", "catalog.", "reference.",
    "integration.",
    "plugin.", "project.", "file.", "vcs.", "lsp.", "mcp.", "pty.", "tui.", "installation.", "worktree.",
    "workspace.", "models-dev.", "command.", "todo.", "ide.", "theme.",
  ]

  private static func isOfNoInterest(_ type: String) -> Bool {
    ofNoInterest.contains { type.hasPrefix($0) }
  }
}

/// The last events by id, to let doubles of them pass.
struct OpenCodeDoubles {
  /// More than come between two copies of one event.
  private static let generation = 2048
  private var recent: Set<String> = []
  private var older: Set<String> = []

  /// Whether that event was there before. Events without an id are all new.
  mutating func isDouble(_ event: OpenCodeEvent) -> Bool {
    guard let id = event.id else { return false }
    guard !older.contains(id), recent.insert(id).inserted else { return true }
    if recent.count >= Self.generation {
      older = recent
      recent = []
    }
    return false
  }
}
