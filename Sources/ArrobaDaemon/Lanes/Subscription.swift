internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLog
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

/// A cursor over the log that sends what it passes. It holds no events: a slow client's cursor just lags, and what it
/// lacks is read back from the log.
@LoopActor
final class Subscription {
  let id: String
  private let connection: Connection
  private let ledger: Ledger
  private let session: SessionID?
  private let kinds: Set<String>?
  private var cursor: UInt64
  private var isReading = false
  private var isStopped = false

  /// Above this much unsent output the cursor waits until the client has taken it.
  private static let unsentBeforeWait = 256 << 10
  private static let recordsAtOnce = 512
  private static let bytesAtOnce = 256 << 10

  init(
    id: String, connection: Connection, ledger: Ledger, after cursor: UInt64, session: SessionID?,
    kinds: Set<String>?
  ) {
    self.id = id
    self.connection = connection
    self.ledger = ledger
    self.cursor = cursor
    self.session = session
    self.kinds = kinds
  }

  func start() {
    ledger.follow(self) { [weak self] in self?.pump() }
    pump()
  }

  func stop() {
    isStopped = true
    ledger.stopFollowing(self)
  }

  func pump() {
    guard !isStopped, !isReading, cursor < ledger.head, connection.unsentCount <= Self.unsentBeforeWait else {
      return
    }
    isReading = true
    ledger.log.read(after: cursor, limit: Self.recordsAtOnce, limitBytes: Self.bytesAtOnce) {
      [weak self] result in
      guard let self else { return }
      isReading = false
      guard !isStopped else { return }
      switch result {
      case .success(let records): send(records)
      case .failure(let error): fail(error)
      }
    }
  }

  private func send(_ records: [LogRecord]) {
    guard let last = records.last else { return }
    var lines: [UInt8] = []
    for record in records where passes(record) { append(record, to: &lines) }
    cursor = last.seq
    if !lines.isEmpty { connection.send(lines) }
    pump()
  }

  /// The payload is the event's parameters already: it is sent as it stands, behind the two fields that differ.
  private func append(_ record: LogRecord, to lines: inout [UInt8]) {
    let payload = EventCodec.publicPart(of: record.payload)
    lines.append(
      contentsOf:
        #"{"jsonrpc":"2.0","method":"event","params":{"subscription":"\#(id)","seq":\#(record.seq),"#.utf8)
    lines.append(contentsOf: payload.dropFirst())
    lines.append(contentsOf: "}\n".utf8)
  }

  private func passes(_ record: LogRecord) -> Bool {
    guard session != nil || kinds != nil else { return true }
    let subject = record.payload.withUnsafeBufferPointer { EventCodec.subject(of: $0) }
    if let session, subject.session != session.text { return false }
    if let kinds, !kinds.contains(subject.kind) { return false }
    return true
  }

  /// The cursor cannot go on: said once, with where to begin anew.
  private func fail(_ error: LogError) {
    stop()
    var params = JSONObject()
    params["subscription"] = .string(id)
    params["reason"] = .string("\(error)")
    params["after"] = .int(Int(cursor))
    connection.send(OutgoingMessage.notification(method: "subscription.ended", params: .object(params)))
  }
}
