package import ArrobaLoop
internal import Synchronization

/// What comes of an event stream.
package enum EventStreamNews<Event: Sendable>: Sendable {
  /// The server has begun to answer.
  case opened
  /// Bytes came; with them these events, perhaps none.
  case came([Event], bytes: Int)
  /// The last of it, once. Nil: the server ended it in order.
  case ended(HTTPFailure?)
}

/// One event stream. Its bytes are read, cut and decoded on a thread of URLSession's, and wait for the loop in memory, up
/// to a limit: there is no way to hold the server up. Beyond the limit the stream ends.
@LoopActor
package final class EventStream {
  /// Of events that the loop has not taken, and of one that is not complete: answers of a megabyte are known, and an
  /// overflow costs a look at everything.
  nonisolated static let mostWaiting = 96 << 20

  private var transport: Transport?
  private var isOver = false
  var onClose: (@LoopActor (EventStream) -> Void)?

  nonisolated init() {}

  func begin<Event: Sendable>(
    _ transport: Transport, path: String, prime: String,
    decode: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Event?,
    join: @escaping @Sendable (inout Event, Event) -> Bool,
    hear: @escaping @LoopActor (EventStreamNews<Event>) -> Void
  ) {
    self.transport = transport
    let inbox = Inbox(decode, join)
    let deliver: @Sendable () -> Void = { [weak self] in
      Loop.shared.post { self?.deliver(from: inbox, hear) }
    }
    let priming = Transport.Transfer(
      onHead: { inbox.noteHead($0, $1) },
      onBytes: { inbox.keepBody($0) },
      onEnd: { failure in
        if let failure = inbox.failureOfPriming(failure) {
          inbox.end(failure)
          deliver()
        } else {
          Loop.shared.post { [weak self] in self?.open(path, inbox, deliver) }
        }
      })
    if transport.start(HTTPRequest(.get, prime, timeoutMs: 0), accept: "application/json", priming) == nil {
      inbox.end(.closed)
      deliver()
    }
  }

  private func open<Event>(_ path: String, _ inbox: Inbox<Event>, _ deliver: @escaping @Sendable () -> Void) {
    guard let transport, !isOver else { return }
    let transfer = Transport.Transfer(
      onHead: { status, type in
        inbox.noteHead(status, type)
        if inbox.beginStream() { deliver() }
      },
      onBytes: { bytes in
        let (isTaken, mustRing) = inbox.take(bytes)
        if mustRing { deliver() }
        return isTaken
      },
      onEnd: { failure in
        inbox.end(failure)
        deliver()
      })
    if transport.start(HTTPRequest(.get, path, timeoutMs: 0), accept: "text/event-stream", transfer) == nil {
      inbox.end(.closed)
      deliver()
    }
  }

  private func deliver<Event>(
    from inbox: Inbox<Event>, _ hear: @LoopActor (EventStreamNews<Event>) -> Void
  ) {
    for news in inbox.takeAll() {
      guard !isOver else { return }
      if case .ended = news { finish() }
      hear(news)
    }
  }

  /// Ends it; nothing more is heard of it.
  package func close() { finish() }

  private func finish() {
    guard !isOver else { return }
    isOver = true
    transport?.close()
    transport = nil
    onClose?(self)
    onClose = nil
  }
}

/// Between URLSession's thread and the loop.
private final class Inbox<Event: Sendable>: Sendable {
  private struct State {
    var status = 0
    var contentType: String?
    /// What is said in place of a stream, kept for whoever wants to know what it was.
    var body: [UInt8] = []
    var isStream = false
    var parser = EventStreamParser(longestEvent: EventStream.mostWaiting)
    // What the loop has not taken yet, in this order.
    var mustSayOpened = false
    var events: [Event] = []
    var bytes = 0
    var end: EventStreamNews<Event>?
    /// The loop was told that something is here.
    var isRinging = false
    var isOverflown = false
    var isEnded = false

    var response: HTTPResponse { HTTPResponse(status: status, contentType: contentType, body: body) }
  }

  private let state = Mutex(State())
  private let decode: @Sendable (UnsafeBufferPointer<UInt8>) -> Event?
  private let join: @Sendable (inout Event, Event) -> Bool
  /// Enough to recognise an error or a web page.
  private let mostOfBody = 64 << 10

  init(
    _ decode: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Event?,
    _ join: @escaping @Sendable (inout Event, Event) -> Bool
  ) {
    self.decode = decode
    self.join = join
  }

  func noteHead(_ status: Int, _ contentType: String?) {
    state.withLock {
      $0.status = status
      $0.contentType = contentType
      $0.body = []
    }
  }

  /// Whether the head is that of an event stream.
  func beginStream() -> Bool {
    state.withLock { state in
      state.isStream = (200..<300).contains(state.status) && state.contentType == "text/event-stream"
      state.mustSayOpened = state.isStream
      return state.isStream
    }
  }

  func keepBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    state.withLock { state in
      state.body.append(contentsOf: bytes.prefix(max(0, mostOfBody - state.body.count)))
      return true
    }
  }

  func failureOfPriming(_ failure: HTTPFailure?) -> HTTPFailure? {
    state.withLock { state in
      if let failure { return failure }
      return (200..<300).contains(state.status) ? nil : .notAStream(state.response)
    }
  }

  /// Whether the stream goes on, and whether the loop must be told.
  func take(_ bytes: UnsafeRawBufferPointer) -> (isTaken: Bool, mustRing: Bool) {
    state.withLock { state in
      guard state.isStream else {
        state.body.append(contentsOf: bytes.prefix(max(0, mostOfBody - state.body.count)))
        return (state.body.count < mostOfBody, false)
      }
      var events = state.events
      state.events = []  // held once, so that appending does not copy
      let isWithin = state.parser.take(bytes) { event in
        guard let event = decode(event) else { return }
        if events.isEmpty || !join(&events[events.count - 1], event) { events.append(event) }
      }
      state.events = events
      state.bytes += bytes.count
      state.isOverflown = !isWithin || state.bytes > EventStream.mostWaiting
      let mustRing = !state.isRinging
      state.isRinging = true
      return (!state.isOverflown, mustRing)
    }
  }

  func end(_ failure: HTTPFailure?) {
    state.withLock { state in
      guard !state.isEnded else { return }
      state.isEnded = true
      let reason =
        if state.isOverflown {
          HTTPFailure.tooLong
        } else if failure == nil && !state.isStream {
          HTTPFailure.notAStream(state.response)
        } else {
          failure
        }
      state.end = .ended(reason)
    }
  }

  func takeAll() -> [EventStreamNews<Event>] {
    state.withLock { state in
      var news: [EventStreamNews<Event>] = []
      if state.mustSayOpened { news.append(.opened) }
      if state.bytes > 0 { news.append(.came(state.events, bytes: state.bytes)) }
      if let end = state.end { news.append(end) }
      state.mustSayOpened = false
      state.events = []
      state.bytes = 0
      state.end = nil
      state.isRinging = false
      return news
    }
  }
}
