import ArrobaJSON
import ArrobaTestSupport
import ArrobaWire
import Testing

@Suite("References", .journey)
struct ReferenceJourneys {
  /// What a reference comes to: the place in the list of those that were made, several, or an error.
  private enum Outcome: Equatable {
    case one(Int)
    case several(Set<Int>)
    case error(ErrorKind)
  }

  /// One row a case: exact id, exact alias, unique beginning of an id, unique beginning of an alias, in that order.
  private static func rows(_ ids: [String]) -> [(String, Outcome)] {
    let common = String(ids[0].prefix(2))
    return [
      (ids[0], .one(0)), (ids[1], .one(1)), (ids[0].uppercased(), .one(0)), (" \(ids[2])\n", .one(2)),
      ("web", .one(0)), ("WEB", .one(0)), (" web ", .one(0)), ("web-2", .one(1)), ("night shift", .one(2)),
      ("night_shift", .one(2)), ("Night \t Shift", .one(2)),
      // The exact alias wins over a longer one that begins with it.
      ("we", .several([0, 1])), ("web-", .one(1)), ("n", .one(2)), ("night", .one(2)), ("night ", .one(2)),
      (String(ids[2].prefix(12)), .one(2)), (String(ids[0].prefix(17)), .one(0)),
      (common, .several([0, 1, 2, 3])), ("x", .error(.notFound)), ("web-3", .error(.notFound)),
      (ids[0] + "0", .error(.notFound)), ("ebb", .error(.notFound)), ("*", .error(.notFound)),
      ("w%", .error(.notFound)), ("../web", .error(.notFound)), ("wéb", .error(.notFound)),
      ("", .error(.invalidReference)), (" \t\n ", .error(.invalidReference)),
      (String(repeating: "w", count: 128), .error(.notFound)),
      (String(repeating: "w", count: 129), .error(.invalidReference)),
    ]
  }

  @Test("A session is named as the table says")
  func sessions() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let ids = try ["web", "web-2", "night_shift", nil].map { alias in
        try client.request(
          "session.create", .record(["workspace": .string(daemon.workspace), "alias": .text(alias)])
        ).words("id")
      }
      for (reference, expected) in Self.rows(ids) {
        let outcome = try Self.outcome(ids, of: client.ask("session.get", ["session": .string(reference)])) {
          try $0.words("id")
        }
        #expect(outcome == expected, "'\(reference)'")
      }
    }
  }

  @Test("An agent is named as the same table says, within its session")
  func agents() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let sessions = try (0..<2).map { _ in
        try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      }
      let ids = try ["web", "web-2", "night_shift", nil].map { alias in
        try client.request(
          "agent.spawn",
          .record(["session": .string(sessions[0]), "argv": ["/bin/true"], "alias": .text(alias)])
        ).words("agents.0.id")
      }
      for (reference, expected) in Self.rows(ids) {
        let params: JSON = ["session": .string(sessions[0]), "agent": .string(reference)]
        let outcome = try Self.outcome(ids, of: client.ask("agent.get", params)) { try $0.words("id") }
        #expect(outcome == expected, "'\(reference)'")
      }
      let elsewhere: JSON = ["session": .string(sessions[1]), "agent": .string(ids[0])]
      #expect(try client.refusal("agent.get", elsewhere).kind == .agentNotFound)
      #expect(try client.refusal("agent.get", ["session": .string(sessions[1])]).kind == .agentNotFound)
      #expect(try client.request("agent.get", ["session": .string(sessions[0])]).words("id") == ids[3])
    }
  }

  @Test(
    "An id wins over an alias, an exact alias over the beginning of an id, that over the beginning of an alias"
  )
  func order() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      func create() throws -> String {
        try client.request("session.create", ["workspace": .string(daemon.workspace)]).words("id")
      }
      func rename(_ id: String, _ alias: String) throws {
        try client.request("session.rename", ["session": .string(id), "alias": .string(alias)])
      }
      func found(_ reference: String) throws -> String {
        try client.request("session.get", ["session": .string(reference)]).words("id")
      }
      let (one, two) = (try create(), try create())
      let beginning = String(one.prefix(12))
      try rename(two, one)
      #expect(try found(one) == one, "the id, although it is another's alias")
      try rename(two, beginning)
      #expect(try found(beginning) == two, "the alias, although an id begins so")
      #expect(try found(String(one.prefix(11))) == one, "the id that begins so, although an alias does too")
      try client.request("session.delete", ["session": .string(one)])
      #expect(try found(String(one.prefix(11))) == two)
    }
  }

  @Test("An ended session is found by its id, and by its alias until an open one has that")
  func ended() throws {
    try withDaemon { daemon in
      let client = try daemon.client()
      let create: JSON = ["workspace": .string(daemon.workspace), "alias": "job"]
      let old = try client.request("session.create", create).words("id")
      try client.request("session.end", ["session": "job"])
      #expect(try client.request("session.get", ["session": "job"]).words("id") == old)
      let new = try client.request("session.create", create).words("id")
      for reference in ["job", "jo"] {
        #expect(try client.request("session.get", ["session": .string(reference)]).words("id") == new)
      }
      #expect(try client.request("session.get", ["session": .string(old)]).words("state") == "ended")
    }
  }

  private static func outcome(
    _ ids: [String], of answer: Result<JSON, WireError>, _ id: (JSON) throws -> String
  ) throws -> Outcome {
    switch answer {
    case .success(let json): return .one(ids.firstIndex(of: try id(json)) ?? -1)
    case .failure(let error):
      switch error.kind {
      case .sessionAmbiguous, .agentAmbiguous:
        let candidates = try error.details["candidates"]?.array?.map { try id($0) }
        return .several(Set((candidates ?? []).map { ids.firstIndex(of: $0) ?? -1 }))
      case .sessionNotFound, .agentNotFound: return .error(.notFound)
      case let kind?: return .error(kind)
      case nil: throw error
      }
    }
  }
}

extension ErrorKind {
  /// Either of the two, in a table that is for both.
  fileprivate static let notFound = ErrorKind.sessionNotFound
}

extension WireClient {
  fileprivate func ask(_ method: String, _ params: JSON) throws -> Result<JSON, WireError> {
    try result(of: try send(method, params))
  }
}
