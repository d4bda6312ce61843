internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem

/// `arroba` alone and `arroba talk`: finds the session, or makes one, and gives it to a face.
extension Context {
  func talk(_ target: Target) throws -> Int32 {
    let isPlain = !seat.isTerminal || environment["TERM"] == "dumb" || output.isJSON
    let plain = isPlain ? PlainTalk(self) : nil
    // Nobody who says nothing gets a session made.
    if let plain, target == Target(), !plain.hasInput() {
      throw Misuse("nothing was said", hint: "arroba help lists the verbs")
    }
    let session = try target.session ?? sessionToTalkIn()
    // The connection is asked something before it is handed over, so that the daemon has greeted.
    let connection = try client.connection()
    if connection.daemon == nil { _ = try connection.call("daemon.ping", [:], timeoutMs: nil) }
    let link = TalkLink(connection, client: client, session: nil)
    client.disconnect()
    ProcessLog.shared.info("talk", "begins", ["session_id": session, "client_id": client.instance])
    defer { ProcessLog.shared.info("talk", "ends", ["session_id": session, "client_id": client.instance]) }
    let agent = target.agent ?? (target.session == nil && isInsideAgent ? environment["ARROBA_AGENT"] : nil)
    if let plain {
      let talk = TalkSession(self, link: link, face: plain)
      talk.open(session, agent: agent)
      return try plain.run(talk)
    }
    let face = try TerminalTalk(self)
    let talk = TalkSession(self, link: link, face: face)
    talk.open(session, agent: agent)
    return try face.run(talk)
  }

  /// The newest open session of this workspace in which somebody can be talked to; a new one where there is none.
  private func sessionToTalkIn() throws -> String {
    if isInsideAgent, let session = environment["ARROBA_SESSION"] { return session }
    let found = try client.ask("session.list", ["workspace": .string(workspace)])["sessions"]?.array ?? []
    let talkedTo = found.filter { session in
      session["state"]?.string == "open"
        && session["agents"]?.array?.contains { $0["talk"]?.object != nil } == true
    }
    let newest = talkedTo.max { ($0["createdAt"]?.string ?? "") < ($1["createdAt"]?.string ?? "") }
    if let id = newest?["id"]?.string { return id }
    let made = try client.command(
      "session.create", .record(["workspace": .string(workspace), "agents": [agent(Birth())]]))
    guard let id = made["id"]?.string else {
      throw ClientError.malformed("the daemon made a session without an id")
    }
    return id
  }
}
