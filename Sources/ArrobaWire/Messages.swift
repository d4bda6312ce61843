package import ArrobaJSON

/// The version of the protocol that this build speaks (protocol.md).
package let protocolVersion = 1

/// The version of this build, the same in all executables.
package let arrobaVersion = "0.1.0"

/// A line that a server received: JSON-RPC 2.0, judged by its form only.
package enum IncomingMessage: Sendable, Equatable {
  /// A request; `id` is a number, a string or null, given back as it came.
  case request(id: JSON, method: String, params: JSON)
  /// A request without an id: nobody waits for an answer.
  case notification(method: String, params: JSON)
  /// Not JSON, or not a request: answered with this error and that id.
  case invalid(id: JSON, error: WireError)

  package init(line: [UInt8]) {
    let value: JSON
    do {
      value = try line.withUnsafeBufferPointer { buffer throws(JSONError) in try JSONReader.read(buffer) }
    } catch {
      self = .invalid(
        id: .null, error: WireError(code: WireError.parseError, kind: nil, message: "not JSON: \(error)"))
      return
    }
    let id = value["id"]
    guard case .object = value, let method = value["method"]?.string, value["jsonrpc"]?.string == "2.0" else {
      let reason = "not a request: an object with \"jsonrpc\":\"2.0\" and \"method\" is expected"
      self = .invalid(
        id: Self.usableID(id), error: WireError(code: WireError.invalidRequest, kind: nil, message: reason))
      return
    }
    let params = value["params"] ?? .object(JSONObject())
    guard let id else {
      self = .notification(method: method, params: params)
      return
    }
    guard Self.usableID(id) == id else {
      let reason = "not a request: \"id\" is a number, a string or null, not \(id.kindName)"
      self = .invalid(id: .null, error: WireError(code: WireError.invalidRequest, kind: nil, message: reason))
      return
    }
    self = .request(id: id, method: method, params: params)
  }

  private static func usableID(_ id: JSON?) -> JSON {
    switch id {
    case .int, .string, .double: id ?? .null
    case .null, .bool, .array, .object, .none: .null
    }
  }
}

/// The lines that either side writes; each ends with its line break.
package enum OutgoingMessage {
  package static func request(id: Int, method: String, params: JSON) -> [UInt8] {
    line(["jsonrpc": "2.0", "id": .int(id), "method": .string(method), "params": params])
  }

  package static func result(id: JSON, _ result: JSON) -> [UInt8] {
    line(["jsonrpc": "2.0", "id": id, "result": result])
  }

  package static func error(id: JSON, _ error: WireError) -> [UInt8] {
    line(["jsonrpc": "2.0", "id": id, "error": error.json])
  }

  package static func notification(method: String, params: JSON) -> [UInt8] {
    line(["jsonrpc": "2.0", "method": .string(method), "params": params])
  }

  private static func line(_ message: JSON) -> [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.write(message)
    writer.bytes.append(UInt8(ascii: "\n"))
    return writer.bytes
  }
}
