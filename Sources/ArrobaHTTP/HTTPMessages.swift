/// A request to the one server of a client.
package struct HTTPRequest: Sendable {
  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  package var method: Method
  /// From the root, with its query, percent-encoded.
  package var path: String
  /// JSON; nil for none.
  package var body: [UInt8]?
  /// From now to the last byte of the answer.
  package var timeoutMs: Int

  package init(_ method: Method, _ path: String, body: [UInt8]? = nil, timeoutMs: Int) {
    self.method = method
    self.path = path
    self.body = body
    self.timeoutMs = timeoutMs
  }

  /// Text as it stands in a path or a query. All but letters, digits and four marks is encoded.
  package static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let hex = String(byte, radix: 16, uppercase: true)
        result += hex.utf8.count == 1 ? "%0\(hex)" : "%\(hex)"
      }
    }
    return result
  }
}

/// A whole answer.
package struct HTTPResponse: Sendable, Equatable {
  package let status: Int
  /// Without parameters, in lower case: "application/json".
  package let contentType: String?
  package let body: [UInt8]

  package init(status: Int, contentType: String?, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  package var isSuccess: Bool { (200..<300).contains(status) }
}

/// Why there is no answer, or no more of one.
package enum HTTPFailure: Error, Sendable, Equatable {
  /// Nobody listens there.
  case refused
  case timedOut
  /// The connection ended before the answer did, or another failure of the network, in its words.
  case cutOff(String)
  /// More came than is kept.
  case tooLong
  /// The stream was answered with something that is no stream.
  case notAStream(HTTPResponse)
  /// This client was closed.
  case closed
  /// The library that speaks HTTP is not on this machine.
  case noLibrary
}
