internal import ArrobaHTTP
internal import ArrobaJSON
internal import ArrobaProvider

/// The calls of OpenCode's API that are used here, and nothing else of it. The root routes only: those under `/api` belong
/// to another runner, which loses events (#38458).
enum OpenCodeCall {
  /// What is asked at once is answered at once.
  private static let shortMs = 10_000
  /// The first call that names a directory starts OpenCode there: plugins, language servers.
  private static let startMs = 60_000

  static let health = HTTPRequest(.get, "/global/health", timeoutMs: shortMs)
  static let info = HTTPRequest(.get, "/api/info", timeoutMs: shortMs)
  static let events = "/global/event"
  static let dispose = HTTPRequest(.post, "/global/dispose", timeoutMs: 5000)

  private static func path(_ path: String, _ directory: String?) -> String {
    guard let directory else { return path }
    return "\(path)\(path.contains("?") ? "&" : "?")directory=\(HTTPRequest.encoded(directory))"
  }

  private static func get(_ path: String, in directory: String?) -> HTTPRequest {
    HTTPRequest(.get, Self.path(path, directory), timeoutMs: startMs)
  }

  private static func post(
    _ path: String, in directory: String?, _ body: JSON? = nil, timeoutMs: Int = startMs
  ) -> HTTPRequest {
    HTTPRequest(.post, Self.path(path, directory), body: body?.encoded, timeoutMs: timeoutMs)
  }

  // Sessions.

  static func createSession(in directory: String) -> HTTPRequest { post("/session", in: directory, [:]) }
  static func session(_ id: String, in directory: String?) -> HTTPRequest {
    get("/session/\(HTTPRequest.encoded(id))", in: directory)
  }
  static func children(of id: String, in directory: String) -> HTTPRequest {
    get("/session/\(id)/children", in: directory)
  }
  static func statuses(in directory: String) -> HTTPRequest { get("/session/status", in: directory) }

  /// The newest messages, oldest first; all of them without a limit.
  static func messages(of id: String, in directory: String, limit: Int?) -> HTTPRequest {
    get("/session/\(id)/message\(limit.map { "?limit=\($0)" } ?? "")", in: directory)
  }

  // Turns.

  /// `messageID` is never sent: the server orders by its own clock (#14236).
  static func prompt(
    _ turn: TurnRequest, model: String?, variant: String?, of id: String, in directory: String
  )
    -> HTTPRequest
  {
    var parts: [JSON] = [["type": "text", "text": .string(turn.text)]]
    for file in turn.files {
      let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
      let path = file.path.split(separator: "/", omittingEmptySubsequences: false)
        .map { HTTPRequest.encoded(String($0)) }.joined(separator: "/")
      parts.append([
        "type": "file", "mime": .string(file.mediaType), "filename": .string(name),
        "url": .string("file://\(path)"),
      ])
    }
    let model = model.flatMap { OpenCodeModel($0) }.map { model -> JSON in
      ["providerID": .string(model.provider), "modelID": .string(model.model)]
    }
    let body = JSON.record(["parts": .array(parts), "model": model, "variant": .text(variant)])
    return post("/session/\(id)/prompt_async", in: directory, body)
  }

  static func abort(_ id: String, in directory: String) -> HTTPRequest {
    post("/session/\(id)/abort", in: directory, timeoutMs: 5000)
  }

  // Asks.

  static func permissions(in directory: String) -> HTTPRequest { get("/permission", in: directory) }
  static func questions(in directory: String) -> HTTPRequest { get("/question", in: directory) }

  /// With another directory than the session's it is not found, and the ask stays open.
  static func reply(_ reply: OpenCodeReply, in directory: String) -> HTTPRequest {
    let directory = reply.directory ?? directory
    switch reply.answer {
    case .permission(let choice, let message):
      return post(
        "/permission/\(reply.request)/reply", in: directory,
        JSON.record(["reply": .string(choice), "message": .text(message)]), timeoutMs: shortMs)
    case .answers(let answers):
      let lists = answers.map { JSON.array($0.map { .string($0) }) }
      return post(
        "/question/\(reply.request)/reply", in: directory, ["answers": .array(lists)], timeoutMs: shortMs)
    case .rejectQuestions:
      return post("/question/\(reply.request)/reject", in: directory, timeoutMs: shortMs)
    }
  }
}

/// A model as people write it: "provider/model".
struct OpenCodeModel: Equatable {
  let provider: String
  let model: String

  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    provider = String(parts[0])
    model = String(parts[1])
  }
}

/// An answer that is what the API says it is: JSON, or nothing.
enum OpenCodeAnswer {
  enum Failure: Error, Sendable, Equatable {
    /// The server could not be asked.
    case unreachable(HTTPFailure)
    /// It is not there (any more).
    case notFound
    /// Turned down, in the server's words.
    case refused(status: Int, OpenCodeError?)
    /// A web page: unknown paths are answered with one (#42565).
    case notJSON
  }

  static func read(_ result: Result<HTTPResponse, HTTPFailure>) -> Result<JSON, Failure> {
    switch result {
    case .failure(let failure): return .failure(.unreachable(failure))
    case .success(let response):
      let json = response.contentType == "application/json" ? try? JSONReader.read(response.body) : nil
      switch response.status {
      case 204: return .success(.null)
      case 200..<300: return json.map { .success($0) } ?? .failure(.notJSON)
      case 404: return .failure(.notFound)
      default: return .failure(.refused(status: response.status, json.flatMap { OpenCodeError($0) }))
      }
    }
  }
}

extension HTTPFailure {
  /// As of a server that does not listen yet, or that is just ending: its end, or another attempt, says more.
  var isPassing: Bool {
    switch self {
    case .refused, .cutOff: true
    case .timedOut, .tooLong, .notAStream, .closed, .noLibrary: false
    }
  }
}

extension OpenCodeAnswer.Failure {
  var words: String {
    switch self {
    case .unreachable(let failure):
      switch failure {
      case .refused: "OpenCode does not listen any more"
      case .timedOut: "OpenCode did not answer in time"
      case .cutOff(let words): "the connection to OpenCode was cut off: \(words)"
      case .tooLong: "OpenCode answered with more than can be kept"
      case .notAStream: "OpenCode answered with something that is no event stream"
      case .closed: "the connection to OpenCode was closed"
      case .noLibrary: "\(HTTPLibrary.name) is not on this machine; Debian has it in the package libcurl4"
      }
    case .notFound: "OpenCode knows no such thing"
    case .refused(let status, let error):
      "OpenCode refused it with status \(status)\(error.map { ": \($0.words)" } ?? "")"
    case .notJSON: "OpenCode answered with a web page"
    }
  }
}
