import ArrobaJSON
import ArrobaWire
import Testing

@Suite struct IncomingMessageTests {
  private func message(_ line: String) -> IncomingMessage { IncomingMessage(line: Array(line.utf8)) }

  @Test(
    "A request gives back its id as it came: a number, a string or null",
    arguments: [("7", JSON.int(7)), ("\"x\"", "x"), ("null", nil), ("-1", -1), ("1.5", .double(1.5))]
      as [(String, JSON)])
  func requests(text: String, id: JSON) {
    let line = #"{"jsonrpc":"2.0","id":\#(text),"method":"daemon.ping","params":{"a":1}}"#
    #expect(message(line) == .request(id: id, method: "daemon.ping", params: ["a": 1]))
  }

  @Test("Parameters that are left out are an empty object; unknown members are ignored")
  func leniency() {
    #expect(
      message(#"{"jsonrpc":"2.0","id":1,"method":"m","later":[1]}"#)
        == .request(id: 1, method: "m", params: .object(JSONObject())))
    #expect(
      message("  {\"method\":\"m\",\"jsonrpc\":\"2.0\",\"params\":[1]}\r")
        == .notification(method: "m", params: [1]))
  }

  @Test(
    "What is no JSON is answered with -32700 and id null",
    arguments: ["{", "hello", "{\"id\":1,}", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"} x", "\u{1}"])
  func notJSON(line: String) {
    guard case .invalid(let id, let error) = message(line) else {
      Issue.record("\(line) was taken for JSON")
      return
    }
    #expect(id == .null)
    #expect(error.code == -32700)
    #expect(error.kind == nil)
    #expect(error.message.hasPrefix("not JSON: "))
  }

  @Test(
    "What is no request is answered with -32600 and its id, where it has one that can be given back",
    arguments: [
      ("[]", nil), ("1", nil), ("\"x\"", nil), ("null", nil), ("{}", nil), (#"{"id":3}"#, 3),
      (#"{"id":"s","method":"m"}"#, "s"), (#"{"jsonrpc":"1.0","id":3,"method":"m"}"#, 3),
      (#"{"jsonrpc":2.0,"id":3,"method":"m"}"#, 3), (#"{"jsonrpc":"2.0","id":3,"method":7}"#, 3),
      (#"{"jsonrpc":"2.0","id":3,"result":{}}"#, 3), (#"{"jsonrpc":"2.0","id":{},"method":7}"#, nil),
      (#"{"jsonrpc":"2.0","id":true,"method":"m"}"#, nil), (#"{"jsonrpc":"2.0","id":[1],"method":"m"}"#, nil),
      (#"[{"jsonrpc":"2.0","id":3,"method":"m"}]"#, nil),
    ] as [(String, JSON)])
  func notARequest(line: String, id: JSON) {
    guard case .invalid(let answered, let error) = message(line) else {
      Issue.record("\(line) was taken for a request")
      return
    }
    #expect(answered == id)
    #expect(error.code == -32600)
    #expect(error.message.hasPrefix("not a request: "))
  }

  @Test("Each outgoing line is one line of JSON-RPC 2.0")
  func outgoing() {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    #expect(
      text(OutgoingMessage.request(id: 1, method: "m", params: ["t": "a\nb"]))
        == #"{"jsonrpc":"2.0","id":1,"method":"m","params":{"t":"a\nb"}}"# + "\n")
    #expect(text(OutgoingMessage.result(id: "x", [1])) == #"{"jsonrpc":"2.0","id":"x","result":[1]}"# + "\n")
    #expect(
      text(OutgoingMessage.error(id: nil, WireError(code: -32700, kind: nil, message: "m")))
        == #"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}"# + "\n")
    #expect(
      text(OutgoingMessage.notification(method: "heartbeat", params: ["head": 2]))
        == #"{"jsonrpc":"2.0","method":"heartbeat","params":{"head":2}}"# + "\n")
  }

  @Test("What a client writes, a server reads")
  func bothWays() {
    let line = OutgoingMessage.request(id: 9, method: "session.get", params: ["session": "é"]).dropLast()
    #expect(
      IncomingMessage(line: Array(line)) == .request(id: 9, method: "session.get", params: ["session": "é"]))
  }
}
