internal import ArrobaJSON
internal import ArrobaWire

/// How people name prompts and asks: the id, or a unique beginning of it.
extension World {
  /// Where a thing of a conversation stands.
  package struct Place<Thing: Sendable>: Sendable {
    package let session: Session
    package let agent: Agent
    package let thing: Thing
  }

  /// The prompt that `text` names, in that agent or in any.
  package func prompt(named text: String) throws(Refusal) -> Place<Prompt> {
    let found = talks.flatMap { session, agent, talk in
      (talk.prompts + talk.settled).filter { $0.id.text.hasPrefix(text) }.map {
        Place(session: session, agent: agent, thing: $0)
      }
    }
    let exact = found.first { $0.thing.id.text == text }
    guard let one = exact ?? (found.count == 1 ? found.first : nil) else {
      throw Refusal(
        kind: .promptNotFound, message: Self.words(found.map(\.thing.id.text), "prompt", text),
        hint: "arroba queue", details: ["prompt": .string(Words.quoted(text))])
    }
    return one
  }

  package func ask(named text: String) throws(Refusal) -> Place<AskRecord> {
    let found = talks.flatMap { session, agent, talk in
      talk.asks.filter { $0.id.text.hasPrefix(text) }.map { Place(session: session, agent: agent, thing: $0) }
    }
    let exact = found.first { $0.thing.id.text == text }
    guard let one = exact ?? (found.count == 1 ? found.first : nil) else {
      throw Refusal(
        kind: .askNotFound, message: Self.words(found.map(\.thing.id.text), "ask", text), hint: "arroba asks",
        details: ["ask": .string(Words.quoted(text))])
    }
    return one
  }

  private static func words(_ found: [String], _ what: String, _ text: String) -> String {
    guard found.count > 1, !text.isEmpty else { return "no \(what) matches '\(Words.quoted(text))'" }
    return "'\(Words.quoted(text))' may be any of \(found.prefix(16).joined(separator: ", "))"
  }

  /// Every conversation, with whose it is.
  package var talks: [(session: Session, agent: Agent, talk: Talk)] {
    inOrder.flatMap { session in
      session.agents.compactMap { agent in agent.talk.map { (session, agent, $0) } }
    }
  }
}
