package import ArrobaLoop
internal import ArrobaSystem
internal import Synchronization

/// Talks to one HTTP server on this machine: short requests, and event streams.
@LoopActor
package final class HTTPClient {
  private let base: String
  private let authorization: String?
  private var requests: Transport?
  private var streams: [ObjectIdentifier: EventStream] = [:]
  private var isClosed = false

  /// `base`: "http://127.0.0.1:4096". `authorization`: the header's value, sent with each request.
  package init(base: String, authorization: String?) {
    self.base = base
    self.authorization = authorization
  }

  /// Sends a request; `reply` is called once, on the loop, and never before this returns.
  package func send(
    _ request: HTTPRequest, reply: @escaping @LoopActor (Result<HTTPResponse, HTTPFailure>) -> Void
  ) {
    let answer = Answer(reply)
    guard !isClosed else { return Loop.shared.post { answer.give(.failure(.closed)) } }
    guard let transport = transport() else { return Loop.shared.post { answer.give(.failure(.noLibrary)) } }
    let collector = Collector()
    let transfer = Transport.Transfer(
      onHead: { collector.begin($0, $1) },
      onBytes: { collector.take($0) },
      onEnd: { failure in
        let result = collector.result(failure)
        Loop.shared.post { answer.give(result) }
      })
    guard let number = transport.start(request, accept: "application/json", transfer) else {
      return Loop.shared.post { answer.give(.failure(.closed)) }
    }
    answer.timer = Loop.shared.after(request.timeoutMs) {
      answer.give(.failure(.timedOut))
      transport.cancel(number)
    }
  }

  /// A reply that is given once, by whoever comes first.
  @LoopActor
  private final class Answer {
    private var reply: (@LoopActor (Result<HTTPResponse, HTTPFailure>) -> Void)?
    var timer: LoopTimer?

    nonisolated init(_ reply: @escaping @LoopActor (Result<HTTPResponse, HTTPFailure>) -> Void) {
      self.reply = reply
    }

    func give(_ result: Result<HTTPResponse, HTTPFailure>) {
      timer?.cancel()
      let reply = self.reply
      self.reply = nil
      reply?(result)
    }
  }

  private func transport() -> Transport? {
    if let requests { return requests }
    guard HTTPLibrary.isThere else { return nil }
    requests = Transport(base: base, authorization: authorization)
    return requests
  }

  /// Opens an event stream. `prime` is a path that is answered shortly: the stream is opened on the connection that this
  /// leaves, since on a fresh one URLSession takes most of a core for as long as it lasts.
  ///
  /// `decode` and `join` run on a thread of URLSession's. `join` takes an event into the one before it, if both can be
  /// one and nobody has heard that yet: what comes faster than it is heard then does not pile up event by event.
  package func openStream<Event: Sendable>(
    _ path: String, prime: String, decode: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Event?,
    join: @escaping @Sendable (inout Event, Event) -> Bool = { _, _ in false },
    hear: @escaping @LoopActor (EventStreamNews<Event>) -> Void
  ) -> EventStream {
    let stream = EventStream()
    guard !isClosed, HTTPLibrary.isThere else {
      let failure: HTTPFailure = isClosed ? .closed : .noLibrary
      Loop.shared.post { hear(.ended(failure)) }
      return stream
    }
    let transport = Transport(base: base, authorization: authorization)
    stream.begin(transport, path: path, prime: prime, decode: decode, join: join, hear: hear)
    streams[ObjectIdentifier(stream)] = stream
    stream.onClose = { [weak self] stream in self?.streams[ObjectIdentifier(stream)] = nil }
    return stream
  }

  /// Ends all that is under way.
  package func close() {
    isClosed = true
    for stream in streams.values { stream.close() }
    requests?.close()
    requests = nil
  }
}

/// Puts an answer together, on URLSession's thread.
private final class Collector: Sendable {
  private struct State {
    var status = 0
    var contentType: String?
    var body: [UInt8] = []
    var isTooLong = false
  }

  /// A long conversation's messages are some megabytes.
  private let longestAnswer = 64 << 20
  private let state = Mutex(State())

  func begin(_ status: Int, _ contentType: String?) {
    state.withLock {
      $0.status = status
      $0.contentType = contentType
    }
  }

  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    state.withLock { state in
      state.isTooLong = state.body.count + bytes.count > longestAnswer
      if !state.isTooLong { state.body.append(contentsOf: bytes) }
      return !state.isTooLong
    }
  }

  func result(_ failure: HTTPFailure?) -> Result<HTTPResponse, HTTPFailure> {
    state.withLock { state in
      if state.isTooLong { return .failure(.tooLong) }
      if let failure { return .failure(failure) }
      return .success(HTTPResponse(status: state.status, contentType: state.contentType, body: state.body))
    }
  }
}

/// The library that URLSession needs, loaded with its first use.
package enum HTTPLibrary {
  package static let name = "libcurl.so.4"

  package static let isThere = Programs.canLoad(name)
}
