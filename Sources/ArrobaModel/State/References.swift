internal import ArrobaJSON
internal import ArrobaWire

/// How people name sessions and agents: exact id, exact alias, unique id prefix, unique alias prefix, in that order
/// (protocol.md, section 6).
extension World {
  /// The session that `text` names. Aliases count within `workspace` where one is given. Of two sessions with the
  /// same alias the open one is meant, since an ended one has given its alias back.
  package func session(named text: String, in workspace: String?) throws(Refusal) -> Session {
    let name = try Self.cleaned(text)
    if let exact = session(SessionID(name)) { return exact }
    let sessions = inOrder
    let near = sessions.filter { workspace == nil || $0.workspace == workspace }
    let exact = near.filter { $0.alias == name }
    if let one = try Self.only(Self.openFirst(exact), name) { return one }
    if let one = try Self.only(sessions.filter({ $0.id.text.hasPrefix(name) }), name) { return one }
    let prefixed = near.filter { $0.alias?.hasPrefix(name) ?? false }
    if let one = try Self.only(Self.openFirst(prefixed), name) { return one }
    let elsewhere = sessions.first { $0.alias == name && $0.isOpen }
    throw Refusal.noSession(text, elsewhere: elsewhere?.workspace)
  }

  /// The newest open session of a workspace: what is meant where no session is named.
  package func newestOpen(in workspace: String) -> Session? {
    order.reversed().lazy.compactMap { sessions[$0] }.first { $0.isOpen && $0.workspace == workspace }
  }

  /// Written as `Alias.normalised` keeps it, so that the words which made an alias also find it.
  private static func cleaned(_ text: String) throws(Refusal) -> String {
    let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: "_").lowercased()
    guard !trimmed.isEmpty, trimmed.utf8.count <= 128 else {
      throw Refusal(
        kind: .invalidReference,
        message: trimmed.isEmpty ? "an empty reference names nothing" : "a reference has at most 128 bytes",
        hint: "arroba ls", details: ["ref": .string(Words.quoted(text))])
    }
    return trimmed
  }

  /// Of those with an alias, the open ones: ended ones have given theirs back, and are meant only where no other is.
  private static func openFirst(_ candidates: [Session]) -> [Session] {
    let open = candidates.filter(\.isOpen)
    return open.isEmpty ? candidates : open
  }

  private static func only(_ found: [Session], _ name: String) throws(Refusal) -> Session? {
    guard found.count > 1 else { return found.first }
    let shown = found.prefix(16)
    let words = shown.map { session in
      session.alias.map { "\($0) (\(session.id))" } ?? session.id.text
    }
    throw Refusal(
      kind: .sessionAmbiguous,
      message: "'\(Words.quoted(name))' may be any of \(words.joined(separator: ", "))",
      hint: "arroba ls",
      details: [
        "ref": .string(Words.quoted(name)),
        "candidates": .array(
          shown.map { session in
            [
              "id": .string(session.id.text), "alias": .text(session.alias) ?? .null,
              "workspace": .string(session.workspace),
            ]
          }),
      ])
  }

  /// The agent of a session that `text` names; the focused one where nothing is named.
  package func agent(named text: String?, in session: Session) throws(Refusal) -> Agent {
    guard let text else {
      guard let focused = session.focused.flatMap({ session.agent($0) }) else {
        throw Refusal.noAgent(nil, in: session)
      }
      return focused
    }
    let name = try Self.cleaned(text)
    let tries: [(Agent) -> Bool] = [
      { $0.id.text == name }, { $0.spec.alias == name }, { $0.id.text.hasPrefix(name) },
      { $0.spec.alias?.hasPrefix(name) ?? false },
    ]
    for matches in tries {
      let found = session.agents.filter(matches)
      if found.count > 1 {
        let words = found.prefix(16).map { $0.spec.alias ?? $0.id.text }
        throw Refusal(
          kind: .agentAmbiguous,
          message: "'\(Words.quoted(name))' may be any of \(words.joined(separator: ", "))",
          hint: "arroba agent ls",
          details: [
            "ref": .string(Words.quoted(name)),
            "candidates": .array(
              found.prefix(16).map { ["id": .string($0.id.text), "alias": .text($0.spec.alias) ?? .null] }),
          ])
      }
      if let one = found.first { return one }
    }
    throw Refusal.noAgent(text, in: session)
  }
}

extension WireError {
  static func noSession(_ ref: String, elsewhere: String? = nil) -> Refusal {
    let place = elsewhere.map { "; one of that alias is in \($0)" } ?? ""
    return Refusal(
      kind: .sessionNotFound, message: "no session matches '\(Words.quoted(ref))'\(place)", hint: "arroba ls",
      details: ["ref": .string(Words.quoted(ref))])
  }

  static func noAgent(_ ref: String?, in session: Session) -> Refusal {
    let name = session.alias ?? session.id.text
    guard let ref else {
      return Refusal(
        kind: .agentNotFound, message: "the session \(name) has no agent", hint: "arroba agent spawn",
        details: ["session": .string(session.id.text)])
    }
    return Refusal(
      kind: .agentNotFound, message: "no agent of \(name) matches '\(Words.quoted(ref))'",
      hint: "arroba agent ls",
      details: ["ref": .string(Words.quoted(ref)), "session": .string(session.id.text)])
  }
}
