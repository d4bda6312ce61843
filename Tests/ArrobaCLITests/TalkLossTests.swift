import ArrobaJSON
import ArrobaTestSupport
import ArrobaWire
import Testing

@testable import ArrobaCLI

/// What a conversation on the command line does when something is not there, or goes.
extension TalkSessionTests {
  @Test("A session that is not there ends the conversation with the daemon's words")
  func missing() throws {
    let error = WireError(kind: .sessionNotFound, message: "no session matches 'build'", hint: "arroba ls")
    let daemon = try daemon(
      more: Dictionary(
        uniqueKeysWithValues: ["prompt.list", "ask.list", "session.get", "session.history"].map {
          ($0, { _, _ in .error(error) } as FakeDaemon.Handler)
        }))
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    guard case .failed(let failure)? = try face.session.outcome else { return #expect(Bool(false)) }
    #expect(failure.exitCode == 4 && failure.message == "no session matches 'build'")
  }

  @Test(
    "What was asked while the daemon was away is asked of the next one, once, and events go on behind the last"
  )
  func away() throws {
    let daemon = try daemon(
      more: [
        "prompt.submit": { _, count in count == 0 ? .hangUp : .result(TalkSample.prompt()) },
        "events.subscribe": { _, count in
          .lines(
            [TalkSample.subscribed]
              + (count == 0 ? [8, 9] : [9, 10]).map {
                TalkSample.line(item($0, "completed", "at \($0)", id: "i_\($0)"))
              })
        },
      ])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    try face.wait(for: "at 9")
    let session = try face.session
    session.enter("go")
    try face.wait("the next daemon") { !session.isAsking && face.texts.contains("at 10") }
    #expect(face.texts.dropFirst() == ["at 8", "at 9", "at 10"])
    let sent = daemon.requests.filter { $0.method == "prompt.submit" }
    #expect(sent.count == 2 && sent[0].params["commandId"] == sent[1].params["commandId"])
    #expect(daemon.requests.last { $0.method == "events.subscribe" }?.params["after"]?["seq"] == 9)
  }

  @Test("Where events are missing the conversation is read anew")
  func gap() throws {
    let daemon = try daemon(
      more: [
        "events.subscribe": { _, count in
          .lines([
            TalkSample.answer([
              "subscription": "e_1", "from": 90, "head": 89,
              "gap": count == 0 ? ["requested": 8, "oldest": 90, "reason": "compacted"] : nil,
            ])
          ])
        }
      ])
    defer { daemon.end() }
    let face = TalkUnderTest()
    try face.open(daemon)
    try face.settle()
    #expect(daemon.methods.filter { $0 == "events.subscribe" }.count == 2)
    #expect(face.texts.contains("events are missing; the conversation is read anew"))
  }
}
