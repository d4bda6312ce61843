import Testing

@testable import ArrobaAdapters

/// Which events of a burst become one before anybody hears them.
@Suite struct OpenCodeJoinTests {
  private static func delta(
    _ text: String, part: String = "prt_1", session: String = "ses_1", directory: String = "/w"
  ) -> OpenCodeEvent {
    OpenCodeEvent(session: session, directory: directory, what: .partDelta(part: part, text: text))
  }

  @Test("What is added to one text in two pieces is added at once")
  func joins() {
    var first = Self.delta("one ")
    let joined = ["two ", "three"].map { first.join(Self.delta($0)) }
    #expect(joined == [true, true])
    #expect(first == Self.delta("one two three"))
  }

  private static let others: [OpenCodeEvent] = [
    delta("x", part: "prt_2"), delta("x", session: "ses_2"), delta("x", directory: "/v"),
    OpenCodeEvent(session: "ses_1", directory: "/w", what: .idle),
    OpenCodeEvent(session: "ses_1", directory: "/w", what: .ignored),
  ]

  @Test("Nothing else is joined, neither with a text nor with anything", arguments: others)
  func apart(other: OpenCodeEvent) {
    var text = Self.delta("one")
    let isJoined = text.join(other)
    #expect(!isJoined && text == Self.delta("one"))
    var before = other
    let takesText = before.join(Self.delta("one"))
    #expect(!takesText && before == other)
  }

  @Test("A joined text is bounded, to the byte")
  func bounded() {
    var text = Self.delta("a")
    let longest = OpenCodeEvent.longestJoined
    let joined = [longest, longest - 1, 1].map { text.join(Self.delta(String(repeating: "b", count: $0))) }
    #expect(joined == [false, true, false])
  }
}
