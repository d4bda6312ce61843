internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaWire

/// The first request of a connection: which protocol, which client (protocol.md, section 3).
@LoopActor
enum Greeting {
  enum Outcome {
    case welcome(reply: [UInt8], instance: String?)
    /// The reply, after which the connection closes.
    case refusal(reply: [UInt8])
  }

  static func answer(to line: [UInt8], server: Server) -> Outcome {
    switch IncomingMessage(line: line) {
    case .request(let id, "hello", let params): answer(id, params, server: server)
    case .request(let id, let method, _): refusal(id, helloRequired("'\(method)' came"))
    case .notification: refusal(.null, helloRequired("a notification came"))
    case .invalid(let id, let error): refusal(id, helloRequired(error.message))
    }
  }

  private static func answer(_ id: JSON, _ json: JSON, server: Server) -> Outcome {
    let instance: String?
    do throws(WireError) {
      let params = try Params(json, of: "hello")
      guard let version = try params.number("protocol", in: 0...Int.max) else {
        throw Params.invalid("protocol", expected: "a whole number", got: nil)
      }
      guard version == protocolVersion else { throw unsupported(version) }
      let client = try params["client"].map { client throws(WireError) in try Params(client, of: "hello") }
      _ = try client?.text("name", atMost: 128)
      _ = try client?.text("version", atMost: 128)
      instance = try client?.text("instance", atMost: 128)
    } catch {
      return refusal(id, error)
    }
    return .welcome(reply: OutgoingMessage.result(id: id, server.hello), instance: instance)
  }

  private static func unsupported(_ version: Int) -> WireError {
    let side = version > protocolVersion ? "daemon" : "client"
    return WireError(
      kind: .protocolUnsupported,
      message: "the client speaks protocol \(version), this daemon \(protocolVersion): upgrade the \(side)",
      hint: side == "daemon" ? "arroba daemon restart, after the upgrade" : nil,
      details: ["client": .int(version), "daemon": .int(protocolVersion), "upgrade": .string(side)])
  }

  private static func helloRequired(_ what: String) -> WireError {
    WireError(kind: .helloRequired, message: "the first request of a connection is hello; \(what)")
  }

  private static func refusal(_ id: JSON, _ error: WireError) -> Outcome {
    .refusal(reply: OutgoingMessage.error(id: id, error))
  }
}
