internal import ArrobaHTTP
internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel

/// The conversations of one server: who is meant by an event, and the second way to an ask where no event tells of it.
@LoopActor
final class OpenCodeRoom {
  private(set) var connection: OpenCodeConnection?
  /// By session; what agents within agents do belongs to the session at the root.
  private var conversations: [String: OpenCodeConversation] = [:]
  private var roots: [String: String] = [:]
  /// Asks of sessions that nobody has told us of, until it is known whose they are.
  private var unplaced: [String: [OpenCodeEvent]] = [:]
  /// Sessions of others on this server, such as those of a client that somebody attached to it.
  private var foreign: Set<String> = []
  private var poll: LoopTimer?
  private let patience: OpenCodePatience

  init(_ patience: OpenCodePatience) { self.patience = patience }

  var isEmpty: Bool { conversations.isEmpty }
  var hasBusy: Bool { conversations.values.contains { $0.isBusy } }

  /// Unlike `hasBusy`, a prompt that only waits does not count.
  var hasTurns: Bool { conversations.values.contains { $0.isTurning } }

  func goOn() { for conversation in conversations.values { conversation.goOn() } }

  /// Says it in each conversation in which something is under way.
  func tell(_ notice: String) {
    for conversation in conversations.values where conversation.isTurning {
      conversation.say(.notice(notice), of: conversation.translator?.runningTurn)
    }
  }

  func isBusy(besides other: OpenCodeConversation) -> Bool {
    conversations.values.contains { $0 !== other && $0.isBusy }
  }

  // MARK: who is here

  /// False where somebody else has that session.
  func add(_ conversation: OpenCodeConversation, session: String) -> Bool {
    if let other = conversations[session] {
      guard other.isLeaving else { return false }
      other.makeRoom()
    }
    conversations[session] = conversation
    return true
  }

  func remove(_ conversation: OpenCodeConversation, session: String) {
    guard conversations[session] === conversation else { return }
    conversations[session] = nil
    roots = roots.filter { $0.value != session }
  }

  func connected(_ connection: OpenCodeConnection) {
    self.connection?.close()
    self.connection = connection
  }

  /// The server is gone.
  func lose(reason: String) {
    connection?.close()
    connection = nil
    poll?.cancel()
    poll = nil
    roots = [:]
    unplaced = [:]
    foreign = []
    for conversation in conversations.values { conversation.serverWasLost(reason: reason) }
  }

  // MARK: what comes

  func hear(_ news: OpenCodeConnection.News) {
    switch news {
    case .streamOpened: for conversation in conversations.values { conversation.streamOpened() }
    case .streamLost: for conversation in conversations.values { conversation.streamWasLost() }
    case .events(let events):
      var touched: Set<String> = []
      for event in events { if let root = place(event) { touched.insert(root) } }
      for root in touched { conversations[root]?.settleEvents() }
    case .isAnother: break  // the server's owner decides
    }
    pollIfNeeded()
  }

  /// Gives an event to whom it concerns; says who that is.
  private func place(_ event: OpenCodeEvent) -> String? {
    guard let session = event.session else { return nil }
    if case .session(let info) = event.what, let parent = info.parent, let root = root(of: parent) {
      roots[session] = root
    }
    if let root = root(of: session) {
      conversations[root]?.take(event)
      return root
    }
    if event.isAsk { find(session, for: event) }
    return nil
  }

  private func root(of session: String) -> String? {
    conversations[session] == nil ? roots[session] : session
  }

  /// An ask of a session that we were not told of, perhaps deep within one of ours (#36868): its parents tell.
  private func find(_ session: String, for event: OpenCodeEvent) {
    guard !foreign.contains(session) else { return }
    unplaced[session, default: []].append(event)
    guard unplaced[session]?.count == 1 else { return }
    climb(from: session, path: [], directory: event.directory) { [weak self] lineage in
      guard let self else { return }
      let events = unplaced.removeValue(forKey: session) ?? []
      guard let lineage, let top = lineage.last?.parent, let root = root(of: top) else {
        if foreign.count < 1000 { foreign.insert(session) }  // asked anew beyond that, at no harm
        return
      }
      for info in lineage.reversed() {
        roots[info.id] = root
        conversations[root]?.take(
          OpenCodeEvent(session: info.id, directory: event.directory, what: .session(info)))
      }
      for event in events { _ = place(event) }
      conversations[root]?.settleEvents()
    }
  }

  private static let deepest = 16

  private func climb(
    from session: String, path: [OpenCodeSession], directory: String?,
    done: @escaping @LoopActor ([OpenCodeSession]?) -> Void
  ) {
    guard let connection, path.count < Self.deepest else { return done(nil) }
    connection.send(OpenCodeCall.session(session, in: directory)) { [weak self] result in
      guard let self, case .success(let json) = result, let info = OpenCodeSession(json),
        let parent = info.parent
      else { return done(nil) }
      let path = path + [info]
      if root(of: parent) != nil {
        done(path)
      } else {
        climb(from: parent, path: path, directory: directory, done: done)
      }
    }
  }

  // MARK: asks, the second way

  func pollIfNeeded() {
    guard poll == nil, connection != nil, hasBusy else { return }
    poll = Loop.shared.after(patience.askPollMs) { [weak self] in
      self?.poll = nil
      self?.pollAsks()
      self?.pollIfNeeded()
    }
  }

  private func pollAsks() {
    var byDirectory: [String: [OpenCodeConversation]] = [:]
    for conversation in conversations.values where conversation.isBusy {
      if let directory = conversation.directory { byDirectory[directory, default: []].append(conversation) }
    }
    for (directory, busy) in byDirectory {
      lookAtAsks(in: directory) { look in
        for conversation in busy { conversation.apply(look) }
      }
    }
  }

  /// What waits for an answer in a directory. Sessions that are not known yet are placed first.
  private func lookAtAsks(in directory: String, done: @escaping @LoopActor (OpenCodeLook) -> Void) {
    guard let connection else { return }
    var look = OpenCodeLook(askedMs: LoopClock.nowMs())
    look.directory = directory
    connection.send(OpenCodeCall.permissions(in: directory)) { [weak self] result in
      if case .success(let json) = result {
        look.permissions = (json.array ?? []).compactMap { OpenCodePermission($0) }
      }
      guard let connection = self?.connection else { return }
      connection.send(OpenCodeCall.questions(in: directory)) { [weak self] result in
        if case .success(let json) = result {
          look.questions = (json.array ?? []).compactMap { OpenCodeQuestions($0) }
        }
        self?.placeUnknown(look)
        done(look)
      }
    }
  }

  private func placeUnknown(_ look: OpenCodeLook) {
    for permission in look.permissions ?? [] where root(of: permission.session) == nil {
      find(
        permission.session,
        for: OpenCodeEvent(
          session: permission.session, directory: look.directory, what: .permissionAsked(permission)))
    }
    for asked in look.questions ?? [] where root(of: asked.session) == nil {
      find(
        asked.session,
        for: OpenCodeEvent(session: asked.session, directory: look.directory, what: .questionAsked(asked)))
    }
  }
}

extension OpenCodeEvent {
  fileprivate var isAsk: Bool {
    switch what {
    case .permissionAsked, .questionAsked: true
    default: false
    }
  }
}
