internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// One client's connection: requests one after another, each answered before the next is read; or a stream of events.
@LoopActor
final class Peer {
  private let socket: Descriptor
  private let handle: @LoopActor (Request, Peer) -> Void
  private var watch: Watch?
  private var reader = RequestReader()
  private var isAnswering = false
  private var isStreaming = false
  private var isClosed = false
  private var unsent: [UInt8] = []
  private var sent = 0
  /// Called once.
  var onClose: (@LoopActor (Peer) -> Void)?
  /// Whoever answers later learns here that nobody waits any more.
  var onGone: (@LoopActor () -> Void)?

  init(_ socket: Descriptor, handle: @escaping @LoopActor (Request, Peer) -> Void) {
    self.socket = socket
    self.handle = handle
    watch = Loop.shared.watch(socket.raw, for: .readable, urgency: .socket) { [weak self] in self?.ready($0) }
  }

  // MARK: reading

  private func ready(_ readiness: Watch.Readiness) {
    if readiness.contains(.writable) { flush() }
    guard !isClosed, readiness.contains(.readable) || !readiness.isDisjoint(with: .hungUp) else { return }
    var block = [UInt8](repeating: 0, count: 64 << 10)
    switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
    case .moved(let count):
      // What a client says on its event stream is of no interest.
      guard !isStreaming else { return }
      reader.feed(block[..<count])
      takeNext()
    case .wouldBlock: return
    case .ended, .failed: cut()
    }
  }

  private func takeNext() {
    guard !isAnswering, !isClosed else { return }
    do throws(RequestReader.Failure) {
      if let request = try reader.next() {
        isAnswering = true
        handle(request, self)
      } else if reader.expectsContinue {
        reader.saidContinue()
        send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
      }
    } catch {
      answer(error.status, type: nil, [])
    }
  }

  // MARK: answering

  func answer(_ status: Int, type: String?, _ body: [UInt8], headers: String = "") {
    let kind = type.map { "Content-Type: \($0)\r\n" } ?? ""
    onGone = nil
    send(
      Array(
        "HTTP/1.1 \(status) \(Self.phrase(status))\r\n\(kind)\(headers)Vary: Origin\r\nContent-Length: \(body.count)\r\n\r\n"
          .utf8) + body)
    isAnswering = false
    takeNext()
  }

  func answer(_ json: JSON, status: Int = 200) { answer(status, type: "application/json", json.encoded) }

  /// What OpenCode answers to a path that it does not know: its web client.
  func answerWebPage() {
    let page = "<!doctype html><html><head><title>OpenCode</title></head><body></body></html>"
    answer(200, type: "text/html;charset=utf-8", Array(page.utf8))
  }

  func beginStream() {
    isStreaming = true
    send(
      Array(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
          .utf8))
  }

  /// An event, in a chunk of its own.
  func event(_ data: [UInt8]) {
    let length = "data: ".utf8.count + data.count + 2
    send(Array("\(String(length, radix: 16))\r\ndata: ".utf8) + data + Array("\n\n\r\n".utf8))
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 204: "No Content"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 404: "Not Found"
    case 409: "Conflict"
    default: "Status"
    }
  }

  // MARK: writing

  /// Without a limit, as OpenCode keeps it: a client that does not read makes the server grow.
  private func send(_ bytes: [UInt8]) {
    guard !isClosed else { return }
    unsent.append(contentsOf: bytes)
    if unsent.count == bytes.count { flush() }
  }

  private func flush() {
    while sent < unsent.count {
      switch unsent.withUnsafeBytes({ socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...])) }) {
      case .moved(let count): sent += count
      case .wouldBlock:
        if sent > 1 << 20 {
          unsent.removeFirst(sent)
          sent = 0
        }
        watch?.set([.readable, .writable])
        return
      case .ended, .failed: return cut()
      }
    }
    unsent.removeAll(keepingCapacity: unsent.capacity <= 64 << 10)
    sent = 0
    watch?.set(.readable)
  }

  /// Ends the connection wherever it is, in the middle of an answer too.
  func cut() {
    guard !isClosed else { return }
    isClosed = true
    watch?.cancel()
    watch = nil
    socket.close()
    let gone = onGone
    onGone = nil
    gone?()
    onClose?(self)
    onClose = nil
  }
}
