@testable import ArrobaCLI
import Testing

@Suite("Whom a command is about")
struct TargetTests {
  @Test(
    "A reference is REF, REF/AGENT or /AGENT",
    arguments: [
      ("build", "build", nil), ("build/log", "build", "log"), ("/log", nil, "log"),
      ("s_4f/a_3", "s_4f", "a_3"),
    ] as [(String, String?, String?)])
  func reading(_ text: String, _ session: String?, _ agent: String?) throws {
    let target = try Target(text)
    #expect(target.session == session && target.agent == agent)
    #expect(target.text == text)
  }

  @Test("What is left out names nobody")
  func nothing() throws {
    #expect(try Target(nil) == Target())
    #expect(Target().text == "")
  }

  @Test(
    "What is no reference is refused with its own words",
    arguments: [
      ("", "a reference is empty"), ("/", "'/' is no reference: REF, REF/AGENT or /AGENT is expected"),
      ("a/", "'a/' is no reference: REF, REF/AGENT or /AGENT is expected"),
      ("a/b/c", "'a/b/c' is no reference: REF, REF/AGENT or /AGENT is expected"),
      ("//b", "'//b' is no reference: REF, REF/AGENT or /AGENT is expected"),
    ])
  func refused(_ text: String, _ message: String) {
    #expect(throws: Misuse(message)) { try Target(text) }
  }
}
