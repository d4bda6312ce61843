import ArrobaJSON
import ArrobaWire
import Testing

@Suite struct WireErrorTests {
  @Test("An error crosses the wire unchanged, whatever its kind", arguments: ErrorKind.allCases)
  func roundTrip(kind: ErrorKind) throws {
    let plain = WireError(kind: kind, message: "words")
    #expect(WireError(json: plain.json) == plain)
    let full = WireError(
      code: -32602, kind: kind, message: "no \"x\"", hint: "arroba ls", details: ["ref": "x", "n": [1, nil]])
    #expect(WireError(json: try JSONReader.read(full.json.encoded)) == full)
  }

  @Test("The form on the wire is code, message, and data with kind, retryable, hint and details")
  func form() {
    let error = WireError(
      kind: .sessionNotFound, message: "no session matches 'fo'", hint: "arroba ls", details: ["ref": "fo"])
    #expect(
      error.json.encodedText
        == #"{"code":-32000,"message":"no session matches 'fo'","data":"#
        + #"{"kind":"session_not_found","retryable":false,"hint":"arroba ls","ref":"fo"}}"#)
    #expect(
      WireError(code: WireError.methodNotFound, kind: nil, message: "m").json.encodedText
        == #"{"code":-32601,"message":"m"}"#)
  }

  @Test("Errors of the protocol itself have the codes of JSON-RPC")
  func codes() {
    let codes = [
      WireError.parseError, WireError.invalidRequest, WireError.methodNotFound, WireError.invalidParams,
    ]
    #expect(codes == [-32700, -32600, -32601, -32602])
    #expect(WireError.domain == -32000)
  }

  @Test("Only what may pass by itself is retryable")
  func retryable() {
    let retryable: Set<ErrorKind> = [
      .overloaded, .busy, .storageFull, .shuttingDown, .claimConflict, .relayUnreachable,
    ]
    for kind in ErrorKind.allCases {
      #expect(kind.isRetryable == retryable.contains(kind), "\(kind)")
      #expect(WireError(kind: kind, message: "").json["data"]?["retryable"]?.bool == retryable.contains(kind))
    }
  }

  @Test("A kind of a later version counts as internal, and its name is kept")
  func laterKinds() {
    let error = WireError(json: [
      "code": -32000, "message": "m", "data": ["kind": "quota_exceeded", "retryable": true, "hint": "wait"],
    ])
    #expect(error.kind == .internal)
    #expect(error.details["unknownKind"] == "quota_exceeded")
    #expect(error.hint == "wait")
  }

  @Test(
    "An error without what it should have is still an error", arguments: [nil, [], ["code": "x"]] as [JSON])
  func malformed(json: JSON) {
    let error = WireError(json: json)
    #expect(error.code == WireError.domain)
    #expect(error.message == "an error without words")
    #expect(error.kind == nil)
  }

  @Test("The names of the kinds are those that clients were promised")
  func names() {
    let promised = """
      hello_required protocol_unsupported line_too_long overloaded command_conflict invalid_reference
      session_not_found session_ambiguous session_ended alias_invalid alias_conflict agent_not_found
      agent_ambiguous agent_limit prompt_not_found prompt_not_active ask_not_found ask_already_answered
      provider_not_found provider_unavailable provider_failed terminal_not_found terminal_not_available
      attachment_not_found workspace_not_found worktree_failed claim_conflict config_invalid busy storage_full
      storage_failed shutting_down forbidden not_supported internal
      """
    let names = Set(promised.split(whereSeparator: \.isWhitespace).map(String.init))
    #expect(names.subtracting(ErrorKind.allCases.map(\.rawValue)).isEmpty)
  }
}
