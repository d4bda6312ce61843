import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// What is typed on a terminal that its client lends with its keys.
extension LendingJourneys {
  @Test(
    "What is typed there is entered, and counted; the keys that detach are found, and what stands before them"
  )
  func keys() throws {
    try Self.withAgent { daemon, id, window in
      let client = try daemon.client().attach(id)
      try Self.lend(window, from: client, withKeys: "C-b d")
      try window.type("one\n")
      try window.wait(for: "<one>\r\n")
      // The first of the two keys alone is none of them.
      try window.type("t\u{2}wo\n")
      try window.wait(for: "<t\u{2}wo>\r\n")
      try window.type("three\n\u{2}d")
      try client.wait("that they were typed") { client.kinds.contains("TD") }
      #expect(client.inputOffsets == [0, "one\nt\u{2}wo\nthree\n".utf8.count])
      // It is the client's again, and so is what is typed now.
      try client.type("four\n")
      try client.wait(for: "<four>\r\n")
      window.look()
      #expect((window.text + client.text).hasSuffix("<three>\r\n<four>\r\n"))
    }
  }

  @Test("A key that might begin the detach keys is entered when the terminal is taken back")
  func held() throws {
    try Self.withAgent { daemon, id, window in
      let client = try daemon.client().attach(id)
      try Self.lend(window, from: client, withKeys: "C-b d")
      // Read at once: with the first line's answer the rest is known to be held.
      try window.type("first\non\u{2}")
      try window.wait(for: "<first>")
      try client.send(.lending, [TerminalFrame.Lending.takesBack.rawValue])
      try client.wait("the terminal") { client.lendings.count == 2 }
      try client.type("e\n")
      try client.wait(for: "<on\u{2}e>\r\n")
    }
  }

  @Test("A program that reads nothing keeps nobody from leaving")
  func busy() throws {
    try withDaemon { daemon in
      let id = try daemon.session("stty raw -echo; echo ready; exec sleep 1000").words("id")
      try daemon.screen(of: id, shows: "ready")
      let window = try Window()
      let client = try daemon.client().attach(id)
      try Self.lend(window, from: client, withKeys: "C-\\")
      let line = String(repeating: "x", count: 63) + "\n"
      for _ in 0..<512 { try window.type(line) }
      try window.type("\u{1C}")
      try client.wait("that it was typed") { client.kinds.contains("TD") }
      #expect(client.inputOffsets.last == 512 * 64)
    }
  }

  @Test("Words that are no keys: the terminal is not borrowed, and frames go on")
  func noKeys() throws {
    try Self.withAgent { daemon, id, window in
      let client = try daemon.client().attach(id)
      try Self.lend(window, from: client, withKeys: "nonsense")
      try client.wait("the answer") { client.lendings.count == 2 }
      #expect(client.lendings == [client.offset, nil])
      try client.type("one\n")
      try client.wait(for: "<one>")
      window.look()
      #expect(window.text.isEmpty)
    }
  }
}
