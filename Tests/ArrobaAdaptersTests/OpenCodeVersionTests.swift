import ArrobaHTTP
import ArrobaSupervision
import ArrobaProvider
import Testing

@testable import ArrobaAdapters

/// What a server is, by its answers.
@Suite struct OpenCodeVersionTests {
  @Test(
    "A version is read, or it is none",
    arguments: [
      ("1.18.34", OpenCodeVersion(major: 1, minor: 18, patch: 34)), ("v1.18.15", .oldest),
      ("1.18.34-dev", OpenCodeVersion(major: 1, minor: 18, patch: 34)), ("1.18", nil), ("", nil),
      ("local", nil),
      ("1..2", nil),
    ])
  func reading(text: String, version: OpenCodeVersion?) {
    #expect(OpenCodeVersion(text) == version)
  }

  @Test(
    "Versions that are known to lose prompts, events or answers are refused; later ones of the same generation are not",
    arguments: [
      // #26866, #26697, #26635
      ("1.2.27", false), ("1.14.40", false), ("1.14.48", false), ("1.14.50", false),
      ("1.18.14", false), ("1.18.15", true), ("1.18.34", true),  // #42608
      ("1.19.0", true), ("1.20.1", true), ("2.0.0", false), ("2.3.2", false),
    ])
  func range(text: String, isUsable: Bool) throws {
    let version = try #require(OpenCodeVersion(text))
    guard case .usable = OpenCodeIdentity.judged(version) else { return #expect(!isUsable) }
    #expect(isUsable)
  }

  @Test("Only what was tried is called tried")
  func untried() {
    #expect(OpenCodeVersion("1.18.99")?.isUntried == false)
    #expect(OpenCodeVersion("1.19.0")?.isUntried == true)
  }

  private func json(_ body: String, _ status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, contentType: "application/json", body: Array(body.utf8))
  }

  @Test("A health check tells what the server is, in words (GOTCHAS 10.1)")
  func health() {
    func words(_ response: HTTPResponse) -> String {
      switch OpenCodeIdentity.health(response, at: "H") {
      case .usable(let version): "usable \(version)"
      case .trouble(let trouble): trouble.reason
      case .mustAskForInfo: "ask"
      }
    }
    #expect(words(json("{\"healthy\":true,\"version\":\"1.18.34\"}")) == "usable 1.18.34")
    #expect(
      words(json("{\"healthy\":true,\"version\":\"1.14.48\"}"))
        == "OpenCode 1.14.48 is too old; 1.18.15 or a later 1.x is needed")
    #expect(
      words(json("{\"healthy\":true,\"version\":\"dev\"}"))
        == "the OpenCode server at H names the version 'dev', which is none")
    #expect(words(json("{\"ok\":1}")) == "what answers at H is no OpenCode server")
    #expect(words(json("{}", 500)) == "the server at H answered its health check with status 500")
    #expect(
      words(HTTPResponse(status: 401, contentType: nil, body: []))
        == "the OpenCode server at H does not accept the password")
    // All routes of the other generation, and unknown ones of this, are answered with a web page (#42565).
    #expect(words(HTTPResponse(status: 200, contentType: "text/html", body: Array("<html>".utf8))) == "ask")
  }

  @Test("Where the health check is a web page, the other generation's own question tells")
  func info() {
    let newer = OpenCodeIdentity.info(json("{\"version\":\"2.3.2\",\"pid\":1}"), at: "H")
    #expect(newer == .trouble(OpenCodeIdentity.tooNew("2.3.2")))
    let page = HTTPResponse(status: 200, contentType: "text/html", body: [])
    #expect(
      OpenCodeIdentity.info(page, at: "H")
        == .trouble(ProviderTrouble("what answers at H is no OpenCode server")))
  }

  @Test(
    "An answer is JSON or nothing",
    arguments: [
      (200, "application/json", "[]", "json"), (204, nil, "", "json"),
      (200, "text/html", "<html>", "notJSON"),
      (200, "application/json", "{", "notJSON"), (404, "application/json", "{}", "notFound"),
      (409, "application/json", "{\"_tag\":\"SessionBusyError\",\"message\":\"busy\"}", "refused 409 busy"),
      (
        500, "application/json", "{\"name\":\"UnknownError\",\"data\":{\"message\":\"oops\"}}",
        "refused 500 oops"
      ),
      (400, nil, "", "refused 400 -"),
    ] as [(Int, String?, String, String)])
  func answers(status: Int, type: String?, body: String, outcome: String) {
    let response = HTTPResponse(status: status, contentType: type, body: Array(body.utf8))
    let words =
      switch OpenCodeAnswer.read(.success(response)) {
      case .success: "json"
      case .failure(.notJSON): "notJSON"
      case .failure(.notFound): "notFound"
      case .failure(.refused(let status, let error)): "refused \(status) \(error?.words ?? "-")"
      case .failure(.unreachable): "unreachable"
      }
    #expect(words == outcome)
  }
}
