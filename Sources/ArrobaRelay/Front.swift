package import ArrobaJSON
package import ArrobaRelayWire

/// The HTTP side of a relay: what a request asks for, and how answers look. Values only.
package enum Front {
  /// A claim that came in a request's head.
  package struct Authorization: Equatable {
    package let claim: RelayClaim
    package let proof: [UInt8]
    package let relayNonce: [UInt8]
  }

  package enum Route: Equatable {
    case health
    case metrics
    case machines(Authorization?)
    case upgrade
    case refuse(Int)
  }

  package static func route(_ head: HTTPHead) -> Route {
    guard head.first.count == 3, head.first[2] == "HTTP/1.1" || head.first[2] == "HTTP/1.0" else {
      return .refuse(505)
    }
    // No request here has a body; one that has could hide a second request from us or from a proxy.
    guard head.fields["transfer-encoding"] == nil, head.fields["content-length"].map({ $0 == "0" }) ?? true
    else { return .refuse(400) }
    let path = head.first[1]
    guard ["/health", "/metrics", "/v1/machines", RelayTerms.path].contains(path) else { return .refuse(404) }
    guard head.first[0] == "GET" else { return .refuse(405) }
    switch path {
    case "/health": return .health
    case "/metrics": return .metrics
    case "/v1/machines": return .machines(head.fields["authorization"].flatMap { authorization($0) })
    default:
      let options = (head.fields["connection"] ?? "").lowercased().split(separator: ",")
      let isUpgrade = options.contains { $0.allSatisfy { $0 == " " } ? false : trimmed($0) == "upgrade" }
      return isUpgrade && head.fields["upgrade"] == RelayTerms.upgrade ? .upgrade : .refuse(426)
    }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var rest = text.drop { $0 == " " }
    while rest.last == " " { rest.removeLast() }
    return rest
  }

  /// The address that the proxy before us saw: the last one; those before it anybody may have written.
  package static func forwarded(_ head: HTTPHead) -> String? {
    guard let field = head.fields["x-forwarded-for"],
      let last = field.split(separator: ",").last.map(trimmed), (1...64).contains(last.utf8.count)
    else { return nil }
    return String(last)
  }

  /// `Arroba token="…", nonce="…", relay="…", proof="…"`, in any order.
  static func authorization(_ field: String) -> Authorization? {
    guard field.hasPrefix("Arroba ") else { return nil }
    var values: [Substring: Substring] = [:]
    for part in field.dropFirst(7).split(separator: ",") {
      let pair = trimmed(part).split(separator: "=", maxSplits: 1)
      guard pair.count == 2, pair[1].count >= 2, pair[1].first == "\"", pair[1].last == "\"",
        values[pair[0]] == nil
      else { return nil }
      values[pair[0]] = pair[1].dropFirst().dropLast()
    }
    guard values.count == 4, let token = values["token"], RelayToken.isID(token),
      let nonce = values["nonce"].flatMap({ Hex.bytes($0) }), nonce.count == RelayClaim.nonceBytes,
      let relay = values["relay"].flatMap({ Hex.bytes($0) }), relay.count == RelayClaim.nonceBytes,
      let proof = values["proof"].flatMap({ Hex.bytes($0) }), proof.count == SHA256.digestBytes
    else { return nil }
    let claim = RelayClaim(token: String(token), purpose: .watch, name: "", subject: "", nonce: nonce)
    return Authorization(claim: claim, proof: proof, relayNonce: relay)
  }

  // MARK: answers

  package static let switching = Array(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \(RelayTerms.upgrade)\r\n\r\n".utf8)

  package static func answer(_ status: Int, json: JSON) -> [UInt8] {
    answer(status, type: "application/json", RelayTerms.line(json))
  }

  package static func answer(_ status: Int) -> [UInt8] {
    let more = status == 426 ? "Upgrade: \(RelayTerms.upgrade)\r\n" : status == 405 ? "Allow: GET\r\n" : ""
    return answer(status, type: "text/plain", Array("\(phrase(status))\n".utf8), more)
  }

  package static func challenge(_ nonce: [UInt8]) -> [UInt8] {
    answer(
      401, type: "text/plain", Array("\(phrase(401))\n".utf8),
      "WWW-Authenticate: Arroba relay=\"\(Hex.text(nonce))\"\r\n")
  }

  package static func answer(_ status: Int, type: String, _ body: [UInt8], _ more: String = "") -> [UInt8] {
    let head =
      "HTTP/1.1 \(status) \(phrase(status))\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
      + "Cache-Control: no-store\r\nConnection: close\r\n\(more)\r\n"
    return Array(head.utf8) + body
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 426: "Upgrade Required"
    case 431: "Request Header Fields Too Large"
    default: "HTTP Version Not Supported"
    }
  }
}
