internal import ArrobaHTTP
internal import ArrobaJSON
internal import ArrobaLoop
internal import Synchronization

/// The talk with one server: calls, and the one stream of its events, which is opened again whenever it is lost.
@LoopActor
final class OpenCodeConnection {
  enum News {
    /// Events come from here on; what came before is to be looked up.
    case streamOpened
    case streamLost
    case events([OpenCodeEvent])
    /// It cannot be talked to: nobody listens there any more, or another server does, or the password is another.
    case isAnother(ProviderTrouble)
  }

  /// A stream that is not there after that is not waited for; looks take its place.
  private static let openingMs = 3000

  /// "http://127.0.0.1:4096", for people.
  let base: String
  let password: String
  let version: OpenCodeVersion
  private(set) var isStreaming = false
  private let client: HTTPClient
  private let patience: OpenCodePatience
  private let hear: @LoopActor (News) -> Void
  private var stream: EventStream?
  private let doubles = SharedDoubles()
  private var failures = 0
  /// In a row; a server that is only slow refuses nobody.
  private var refusals = 0
  private var lastBytesMs = 0
  private var watchdog: LoopTimer?
  private var reopening: LoopTimer?
  private var isClosed = false
  private var openingSinceMs = 0
  private var afterOpening: [@LoopActor () -> Void] = []
  /// The server has ended; called with the last of what it said.
  private var afterLast: (@LoopActor () -> Void)?

  init(
    _ client: HTTPClient, base: String, password: String, version: OpenCodeVersion,
    patience: OpenCodePatience,
    hear: @escaping @LoopActor (News) -> Void
  ) {
    self.client = client
    self.base = base
    self.password = password
    self.version = version
    self.patience = patience
    self.hear = hear
  }

  static func client(base: String, password: String?) -> HTTPClient {
    HTTPClient(base: base, authorization: password.map { authorization($0) })
  }

  private static func authorization(_ password: String) -> String {
    "Basic \(Base64.encode(Array("\(OpenCodeInstallation.user):\(password)".utf8)))"
  }

  func send(
    _ request: HTTPRequest, reply: @escaping @LoopActor (Result<JSON, OpenCodeAnswer.Failure>) -> Void
  ) {
    client.send(request) { result in reply(OpenCodeAnswer.read(result)) }
  }

  // MARK: the stream

  func openStream() {
    guard !isClosed, stream == nil else { return }
    reopening = nil
    openingSinceMs = LoopClock.nowMs()
    Loop.shared.after(Self.openingMs) { [weak self] in self?.openingIsOver() }
    noteBytes()
    let doubles = doubles
    stream = client.openStream(OpenCodeCall.events, prime: OpenCodeCall.health.path) { bytes in
      OpenCodeEvent.read(bytes).flatMap { doubles.isDouble($0) ? nil : $0 }
    } join: { last, next in
      last.join(next)
    } hear: { [weak self] in
      self?.heard($0)
    }
  }

  private func heard(_ news: EventStreamNews<OpenCodeEvent>) {
    guard !isClosed else { return }
    switch news {
    case .opened: noteBytes()
    case .came(let events, _):
      noteBytes()
      // The server says that it is there; a stream that answers and then says nothing is none.
      if !isStreaming, !events.isEmpty {
        isStreaming = true
        failures = 0
        refusals = 0
        hear(.streamOpened)
        openingIsOver()
      }
      if !events.isEmpty { hear(.events(events)) }
    case .ended(let failure): lost(failure)
    }
  }

  /// Calls `body` when events come, or are not to be expected soon: what happens before that is missed, and a text that
  /// began then is shown only when it is complete.
  func whenStreaming(_ body: @escaping @LoopActor () -> Void) {
    let isOpening =
      stream != nil && !isStreaming && LoopClock.nowMs() < openingSinceMs + Self.openingMs
    if isOpening { afterOpening.append(body) } else { body() }
  }

  private func openingIsOver() {
    let bodies = afterOpening
    afterOpening = []
    for body in bodies { body() }
  }

  private func lost(_ failure: HTTPFailure?) {
    stream = nil
    defer { openingIsOver() }
    watchdog?.cancel()
    let wasStreaming = isStreaming
    isStreaming = false
    if wasStreaming { hear(.streamLost) }
    guard !isClosed else { return }
    if afterLast != nil { return drained() }
    if case .notAStream(let response) = failure {
      switch OpenCodeIdentity.health(response, at: base) {
      case .trouble(let trouble): return hear(.isAnother(trouble))
      case .mustAskForInfo:
        return hear(
          .isAnother(ProviderTrouble("the server at \(base) has no event stream for OpenCode 1.18")))
      case .usable: break
      }
    }
    failures += 1
    refusals = failure == .refused ? refusals + 1 : 0
    if refusals >= patience.mostRefusals {
      return hear(
        .isAnother(ProviderTrouble("OpenCode's server could not be reached: nobody listens at \(base)")))
    }
    let step = min(patience.longestDelayMs, patience.firstDelayMs << min(failures - 1, 10))
    let delay = step / 2 + Int.random(in: 0...step / 2)
    reopening = Loop.shared.after(delay) { [weak self] in self?.openStream() }
  }

  /// The server has ended. Calls `done` when all that it had said has been heard, or does not come.
  func drain(_ done: @escaping @LoopActor () -> Void) {
    afterLast = done
    guard stream != nil else { return drained() }
    Loop.shared.after(patience.drainMs) { [weak self] in self?.drained() }
  }

  private func drained() {
    let done = afterLast
    afterLast = nil
    done?()
  }

  private func noteBytes() {
    lastBytesMs = LoopClock.nowMs()
    if watchdog?.isPending ?? false { return }
    watch(in: patience.silenceMs)
  }

  private func watch(in ms: Int) {
    watchdog = Loop.shared.after(ms) { [weak self] in
      guard let self, stream != nil else { return }
      let silent = LoopClock.nowMs() - lastBytesMs
      guard silent >= patience.silenceMs else { return watch(in: patience.silenceMs - silent) }
      stream?.close()
      lost(.timedOut)
    }
  }

  func close() {
    isClosed = true
    watchdog?.cancel()
    reopening?.cancel()
    stream = nil
    client.close()
  }
}

/// Lets doubles pass where events are decoded, which is no thread of ours, and before they are joined.
private final class SharedDoubles: Sendable {
  private let state = Mutex(OpenCodeDoubles())

  func isDouble(_ event: OpenCodeEvent) -> Bool { state.withLock { $0.isDouble(event) } }
}
