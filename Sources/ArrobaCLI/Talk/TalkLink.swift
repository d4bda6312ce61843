internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// The structured lane of one session, over as many connections as it takes: each event comes once and in order, each
/// request is answered once, however often the daemon goes away meanwhile. Never waits.
final class TalkLink {
  /// Up to where the events of a log have come.
  struct Cursor: Equatable {
    var log: String
    var sequence: Int
  }

  enum Arrival: Equatable {
    /// The parameters of an event, as they came.
    case event(JSON)
    case answer(Int, Result<JSON, ClientError>)
    /// Events are missing; those that come next begin now.
    case gap
    /// The daemon is there again.
    case back
    /// There is nothing more to come.
    case failed(ClientError)
  }

  private enum Phase {
    case connected(ByteStream)
    /// A stream is there, and nobody has greeted on it yet.
    case returning(ByteStream, Absence, untilMs: Int)
    case lost(Absence)
    case over
  }

  private struct Request {
    let number: Int
    let method: String
    let params: JSON
  }

  private let client: Client
  private(set) var session: String?
  private(set) var cursor: Cursor
  private var phase: Phase
  private var lines = LineSplitter()
  private var queue = ByteQueue()
  /// Asked for and not answered, in the order in which they were asked; asked again on the next connection.
  private var open: [Request] = []
  private var subscribing: Int?
  private var subscription: String?
  /// The log of the daemon that greeted last; another one than the cursor's where its state was thrown away.
  private var greetedLog: String?
  private var nextNumber: Int
  private var lastHeardMs = Clock.monotonicMs()
  /// Why no attempt will do any more.
  private var verdict: ClientError?
  private var block = [UInt8](repeating: 0, count: 64 << 10)

  /// Goes on with a connection on which everything that was asked has been answered. Events begin behind the cursor, or
  /// behind what the daemon had recorded when it greeted; without a session there are none until it turns to one.
  init(_ connection: Connection, client: Client, session: String?, after cursor: Cursor? = nil) {
    self.client = client
    self.session = session
    self.cursor =
      cursor ?? Cursor(log: connection.daemon?.logID ?? "", sequence: connection.daemon?.head ?? 0)
    let (stream, rest) = connection.takeLane()
    phase = .connected(stream)
    lines.feed(rest)
    // Numbers of our own, so that no late answer of the connection's is taken for one of ours.
    nextNumber = 1_000_000
    subscribe()
  }

  var socket: Descriptor? { stream?.socket }

  private var stream: ByteStream? {
    switch phase {
    case .connected(let stream), .returning(let stream, _, _): stream
    case .lost, .over: nil
    }
  }

  /// Who is at the other end, for a sentence.
  var far: String { client.road.name }

  var hasToSend: Bool { !queue.isEmpty }

  /// Since when the daemon has been away; nil while it is there.
  var lostSinceMs: Int? {
    switch phase {
    case .lost(let absence), .returning(_, let absence, _): absence.sinceMs
    case .connected, .over: nil
    }
  }

  /// When `tend` has something to do, if nothing else happens.
  var dueMs: Int {
    switch phase {
    case .connected: lastHeardMs + Connection.silenceMs
    case .returning(_, _, let untilMs): untilMs
    case .lost(let absence): absence.tryAtMs
    case .over: .max
    }
  }

  /// Asks; the answer comes with the number that this gives.
  @discardableResult
  func ask(_ method: String, _ params: JSON) -> Int {
    let request = Request(number: takeNumber(), method: method, params: params)
    open.append(request)
    if stream != nil { enqueue(request) }
    return request.number
  }

  /// Changes something, once, however often it has to be sent (protocol.md, section 5).
  @discardableResult
  func command(_ method: String, _ params: JSON) -> Int {
    var members = params.object ?? JSONObject()
    members["commandId"] = .string("k" + Client.randomName(length: 24))
    return ask(method, .object(members))
  }

  /// Follows another session from there on; what was asked before is still answered.
  func turn(to session: String, after sequence: Int) {
    self.session = session
    cursor.sequence = sequence
    if let subscription {
      enqueue(
        Request(
          number: takeNumber(), method: "events.unsubscribe",
          params: ["subscription": .string(subscription)]))
    }
    subscription = nil
    if stream != nil { subscribe() }
  }

  private func takeNumber() -> Int {
    defer { nextNumber += 1 }
    return nextNumber
  }

  private func enqueue(_ request: Request) {
    queue.append(
      OutgoingMessage.request(id: request.number, method: request.method, params: request.params))
    send()
  }

  private func subscribe() {
    guard let session else { return }
    let number = takeNumber()
    subscribing = number
    let after: JSON = ["log": .string(cursor.log), "seq": .int(cursor.sequence)]
    enqueue(
      Request(
        number: number, method: "events.subscribe",
        params: ["after": after, "session": .string(session)]))
  }

  /// Sends what waits as far as the daemon takes it.
  func send() {
    guard let socket, !queue.isEmpty else { return }
    switch queue.drain({ socket.send($0) }) {
    case .none, .moved, .wouldBlock: break
    case .ended, .failed: lose()
    }
  }

  /// Reads once what the daemon sent.
  func receive() -> [Arrival] {
    guard let socket else { return [] }
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      lastHeardMs = Clock.monotonicMs()
      lines.feed(block[..<count])
    case .wouldBlock: break
    case .ended, .failed: lose()
    }
    return takeLines()
  }

  private func takeLines() -> [Arrival] {
    var arrivals: [Arrival] = []
    do {
      while let line = try lines.next() {
        let value: JSON
        do { value = try JSONReader.read(line) } catch {
          return arrivals + [fail(.malformed("the daemon sent a line that is not JSON: \(error)"))]
        }
        if let arrival = heed(value) { arrivals.append(arrival) }
      }
    } catch {
      arrivals.append(fail(.malformed("the daemon sent a line of more than \(error.limit) bytes")))
    }
    return arrivals
  }

  private func heed(_ line: JSON) -> Arrival? {
    let params = line["params"] ?? .null
    switch line["method"]?.string {
    case "event":
      guard params["subscription"]?.string == subscription, let sequence = params["seq"]?.int,
        sequence > cursor.sequence
      else { return nil }
      cursor.sequence = sequence
      return .event(params)
    case "subscription.ended":
      guard params["subscription"]?.string == subscription else { return nil }
      let reason = params["reason"]?.string ?? "no reason was given"
      return fail(.malformed("the daemon cannot read its log any more: \(reason)"))
    case .some: return nil
    case nil: return heedAnswer(line)
    }
  }

  private func heedAnswer(_ line: JSON) -> Arrival? {
    let error = line["error"].map { ClientError.refused(WireError(json: $0), json: $0) }
    guard let number = line["id"]?.int else { return error.map { fail($0) } }
    if number == 0 {
      guard let error else {
        greetedLog = line["result"]?["log"]?["id"]?.string
        if case .returning(let stream, _, _) = phase { phase = .connected(stream) }
        return .back
      }
      guard isPassing(error) else { return fail(error) }
      lose()
      return nil
    }
    if number == subscribing {
      subscribing = nil
      if let error { return isPassing(error) ? nil : fail(error) }
      subscription = line["result"]?["subscription"]?.string
      guard let gap = line["result"]?["gap"], !gap.isNull else { return nil }
      cursor = Cursor(
        log: greetedLog ?? cursor.log, sequence: line["result"]?["head"]?.int ?? cursor.sequence)
      return .gap
    }
    guard let index = open.firstIndex(where: { $0.number == number }) else { return nil }
    // The daemon is about to be replaced: the next one gets the same request.
    if let error, isPassing(error) { return nil }
    open.remove(at: index)
    return .answer(number, error.map { .failure($0) } ?? .success(line["result"] ?? .null))
  }

  private func isPassing(_ error: ClientError) -> Bool {
    guard case .refused(let reason, _) = error else { return false }
    return reason.kind == .shuttingDown
  }

  private func fail(_ error: ClientError) -> Arrival {
    stream?.close()
    phase = .over
    return .failed(error)
  }

  /// Does what time asks for: giving up a dead connection, the next attempt at a new one.
  func tend() -> Arrival? {
    let now = Clock.monotonicMs()
    switch phase {
    case .connected: if now - lastHeardMs >= Connection.silenceMs { lose(isSilent: true) }
    case .returning(_, _, let untilMs): if now >= untilMs { lose(isSilent: true) }
    case .lost(let absence):
      if let verdict { return fail(verdict) }
      guard !absence.lasts(longerThan: client.road.patienceMs, nowMs: now) else {
        return fail(.unreachable("the daemon went away and did not come back", hint: "arroba daemon status"))
      }
      if now >= absence.tryAtMs { return reconnect(absence, now) }
    case .over: break
    }
    return nil
  }

  /// The connection is no good any more; the next one is tried for at once, if this one was.
  func lose(isSilent: Bool = false) {
    let now = Clock.monotonicMs()
    guard let stream else { return }
    switch phase {
    case .returning(_, var absence, _):
      let reason = isSilent ? nil : stream.fault()
      if let reason, !reason.isPassing { verdict = reason }
      absence.failed(nowMs: now, because: reason?.message)
      phase = .lost(absence)
    case .connected, .lost, .over: phase = .lost(Absence(nowMs: now, wasSilent: isSilent))
    }
    if isSilent { stream.abandon() } else { stream.close() }
    queue.removeAll()
    lines = LineSplitter()
    subscription = nil
    ProcessLog.shared.warn("talk", "the connection to the daemon was lost", ["session_id": session ?? ""])
  }

  private func reconnect(_ absence: Absence, _ now: Int) -> Arrival? {
    do {
      guard let stream = try client.road.openAgain(isFresh: absence.wasSilent) else {
        var absence = absence
        absence.failed(nowMs: now, because: nil)
        phase = .lost(absence)
        return nil
      }
      stream.socket.setBlocking(false)
      phase = .returning(stream, absence, untilMs: now + Connection.silenceMs)
    } catch { return fail(error) }
    lastHeardMs = now
    queue.append(Connection.hello(client.instance))
    subscribe()
    for request in open { enqueue(request) }
    return nil
  }
}
