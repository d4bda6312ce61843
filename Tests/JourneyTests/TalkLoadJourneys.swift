import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("Talking under load", .journey)
struct TalkLoadJourneys {
  @Test("Of 20,000 additions at once all come, joined, in order, and the item that stays is whole")
  func storm() throws {
    try withTalk { talk in
      let id = try talk.submit("[[storm 20000]]").words("id")
      #expect(try talk.end(of: id) == "completed")
      let expected = (0..<20_000).map { "\($0) " }.joined()
      #expect(try talk.history().last?.words("text") == expected)
      #expect(try talk.streamed(of: id) == expected)
      let deltas = talk.seen.count { $0["kind"] == "item.delta" }
      #expect(deltas < 500, "\(deltas) events")
    }
  }

  @Test("A hundred agents, each with a prompt at work and one behind it, are all answered by one server")
  func hundred() throws {
    try withDaemon { daemon in
      // A session has at most 64.
      let talks = try (0..<2).map { _ in try ScriptedTalk(daemon, agents: 50) }
      var ids: [(ScriptedTalk, String, Int)] = []
      for (number, talk) in talks.enumerated() {
        for agent in 0..<50 {
          let name = number * 50 + agent
          ids.append((talk, try talk.submit("[[gate go]] one \(name)", to: agent).words("id"), name))
          ids.append((talk, try talk.submit("two \(name)", to: agent).words("id"), name))
        }
      }
      for (talk, id, _) in ids.enumerated().filter({ $0.offset % 2 == 0 }).map(\.element) {
        try talk.event("prompt.started", of: id)
      }
      let server = try talks[0].serverPid()
      try talks[0].open("go")
      for (talk, id, _) in ids { #expect(try talk.end(of: id) == "completed") }
      #expect(try talks[0].serverPid() == server)
      for talk in talks {
        for (index, agent) in talk.agents.enumerated() {
          let name = (talk === talks[0] ? 0 : 50) + index
          let items = try talk.history(["agent": .string(agent)])
          #expect(try items.last?.words("text") == "You said: two \(name)")
          #expect(items.count == 4)
        }
      }
    }
  }

  @Test("Agents that stream at the same time do not mix")
  func streams() throws {
    try withTalk(agents: 8) { talk in
      let ids = try (0..<8).map { try talk.submit("[[storm 2000]]", to: $0).words("id") }
      let expected = (0..<2000).map { "\($0) " }.joined()
      for id in ids {
        #expect(try talk.end(of: id) == "completed")
        let streamed = try talk.streamed(of: id)
        #expect(
          streamed == expected,
          "\(talk.seen.filter { $0["prompt"]?.string == id }.map { String($0.shown.prefix(400)) })")
      }
    }
  }
}
