internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// One URLSession and what it does: the only place where Foundation is met. Everything here runs on the session's queue,
/// or under the lock; what it comes to is handed over by the closures of a transfer.
///
/// Nothing of Foundation exists before the first transport is made: an idle daemon pays nothing for it.
final class Transport: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  // @unchecked: NSObject is not Sendable; `state` is locked, `session` is set once, before anybody else knows us.

  /// What is to be done with one answer.
  struct Transfer: Sendable {
    /// The answer's head has come.
    var onHead: @Sendable (_ status: Int, _ contentType: String?) -> Void
    /// False ends it.
    var onBytes: @Sendable (_ bytes: UnsafeRawBufferPointer) -> Bool
    /// Once, as the last of the three. Nil: the answer is complete.
    var onEnd: @Sendable (_ failure: HTTPFailure?) -> Void
  }

  private struct State {
    var transfers: [Int: (transfer: Transfer, task: URLSessionDataTask)] = [:]
    var isClosed = false
  }

  private let state = Mutex(State())
  private var session: URLSession?
  private let base: String
  private let authorization: String?

  init(base: String, authorization: String?) {
    self.base = base
    self.authorization = authorization
    super.init()
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = 8
    // Idle timers of URLSession's own would end a quiet stream; whoever waits has a timer.
    configuration.timeoutIntervalForRequest = 365 * 86_400
    configuration.timeoutIntervalForResource = 365 * 86_400
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    // Servers on this machine are never reached through a proxy.
    configuration.connectionProxyDictionary = [:]
    session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
  }

  /// Starts a transfer; the number cancels it. Nil where the address cannot be.
  func start(_ request: HTTPRequest, accept: String, _ transfer: Transfer) -> Int? {
    guard let url = URL(string: base + request.path), let session else { return nil }
    var message = URLRequest(url: url)
    message.httpMethod = request.method.rawValue
    message.setValue(accept, forHTTPHeaderField: "Accept")
    message.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    if let authorization { message.setValue(authorization, forHTTPHeaderField: "Authorization") }
    if let body = request.body {
      message.setValue("application/json", forHTTPHeaderField: "Content-Type")
      message.httpBody = Data(body)
    }
    let task = session.dataTask(with: message)
    let number = task.taskIdentifier
    let isOpen = state.withLock { state in
      if !state.isClosed { state.transfers[number] = (transfer, task) }
      return !state.isClosed
    }
    guard isOpen else { return nil }
    task.resume()
    return number
  }

  func cancel(_ number: Int) {
    let task = state.withLock { $0.transfers[number]?.task }
    task?.cancel()
  }

  /// Ends everything; what is under way ends with `closed`.
  func close() {
    let open = state.withLock { state in
      state.isClosed = true
      defer { state.transfers = [:] }
      return state.transfers
    }
    for (transfer, _) in open.values { transfer.onEnd(.closed) }
    session?.invalidateAndCancel()
  }

  private func transfer(_ task: URLSessionTask) -> Transfer? {
    state.withLock { $0.transfers[task.taskIdentifier]?.transfer }
  }

  // MARK: what URLSession reports, on its queue

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    let http = response as? HTTPURLResponse
    let type = http?.value(forHTTPHeaderField: "Content-Type")?.split(separator: ";").first
    transfer(dataTask)?.onHead(
      http?.statusCode ?? 0, type.map { $0.lowercased().filter { !$0.isWhitespace } })
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    guard let transfer = transfer(dataTask) else { return }
    if !data.withUnsafeBytes({ transfer.onBytes($0) }) { dataTask.cancel() }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) {
    completionHandler(nil)  // the password belongs to one server
  }

  /// A server that asks for a password (`WWW-Authenticate`) has been given the one there is, so its 401 is the answer. Left
  /// to itself, URLSession waits for another password for ever, and the caller would see a timeout (6.3).
  func urlSession(
    _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
    completionHandler: @escaping (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
  ) {
    let ended = state.withLock { $0.transfers.removeValue(forKey: task.taskIdentifier) }
    ended?.transfer.onEnd(nil)
    completionHandler(.cancelAuthenticationChallenge, nil)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    let ended = state.withLock { $0.transfers.removeValue(forKey: task.taskIdentifier) }
    ended?.transfer.onEnd(error.map { Self.failure($0) })
  }

  private static func failure(_ error: any Error) -> HTTPFailure {
    switch (error as NSError).code {
    case NSURLErrorCannotConnectToHost: .refused
    case NSURLErrorTimedOut: .timedOut
    case NSURLErrorCancelled: .closed
    default: .cutOff((error as NSError).localizedDescription)
    }
  }
}
