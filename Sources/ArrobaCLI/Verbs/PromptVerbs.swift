internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// Verbs about prompts and the queue.
extension Context {
  func talking(_ talking: Talking) throws -> Int32 {
    switch talking {
    case .talk(let target): try talk(target)
    case .send(let target, let sending): try send(target, sending)
    case .run(let birth, let sending): try runOnce(birth, sending)
    case .runProgram(let birth, let takesStatus): try runProgram(birth, takesStatus: takesStatus)
    case .stop(let target, let force): try stop(target, force: force)
    case .queue(let target, let action): try queue(target, action)
    case .asks(let target, let all): try asks(target, all: all)
    case .answer(let ask, let choice, let note): try answer(ask, choice: choice, note: note)
    case .deny(let ask, let note): try answer(ask, choice: "deny", note: note)
    case .history(let target, let limit, let follow): try history(target, limit: limit, follow: follow)
    }
  }

  private func send(_ target: Target, _ sending: Sending) throws -> Int32 {
    let text = try PromptSource.text(of: sending.source, from: seat)
    let reference = reference(target)
    do {
      guard sending.patience == .none else {
        let agent = try client.ask("agent.get", reference)
        let turn = try FollowedTurn(self, agent: agent, sending)
        return try turn.run(text)
      }
      let prompt = try client.command("prompt.submit", adding(["text": .string(text)], to: reference))
      if output.isJSON { output.json(prompt) } else { output.line(Clean.line(prompt["id"]?.string ?? "?")) }
      return ExitCode.done
    } catch let error as ClientError {
      // The first of several words is the REF; who wrote a sentence without quotes should hear that.
      guard sending.isLoose, case .refused(let reason, _) = error, reason.kind == .sessionNotFound else {
        throw error
      }
      throw Failure(
        reason.message, hint: "put -- before the text where no REF is meant: arroba send -- TEXT…",
        kind: ErrorKind.sessionNotFound.rawValue, exitCode: ExitCode.notFound)
    }
  }

  private func stop(_ target: Target, force: Bool) throws -> Int32 {
    let params = adding(["force": force ? true : nil], to: reference(target))
    return try say(client.command("prompt.cancel", params)) { prompt in
      "\(prompt["state"]?.string ?? "cancelling") \(prompt["id"]?.string ?? "?")"
    }
  }

  private func queue(_ target: Target, _ action: Talking.QueueAction) throws -> Int32 {
    switch action {
    case .list: return try listQueue(target)
    case .edit(let prompt, let text):
      let params: JSON = ["prompt": .string(prompt), "text": .string(text)]
      return try say(client.command("queue.edit", params)) { "edited \($0["id"]?.string ?? "?")" }
    case .move(let prompt, let position):
      let params: JSON = ["prompt": .string(prompt), "position": .int(position)]
      return try say(client.command("queue.move", params)) { moved in
        "\(moved["id"]?.string ?? "?") is at \(moved["position"]?.int ?? position)"
      }
    case .remove(let prompt):
      return try say(client.command("queue.remove", ["prompt": .string(prompt)])) { removed in
        "removed \(removed["id"]?.string ?? "?")"
      }
    case .clear:
      return try say(client.command("queue.clear", reference(target))) { result in
        let count = result["prompts"]?.array?.count ?? 0
        return count == 1 ? "removed 1 prompt" : "removed \(count) prompts"
      }
    }
  }

  /// Without an agent those of all agents of the session.
  private func listQueue(_ target: Target) throws -> Int32 {
    let found = try client.ask("session.get", session(target))
    let params = JSON.record(["session": found["id"] ?? .null, "agent": .text(target.agent)])
    let result = try client.ask("prompt.list", params)
    guard !output.isJSON else {
      output.json(result)
      return ExitCode.done
    }
    let prompts = result["prompts"]?.array ?? []
    if output.isQuiet {
      for prompt in prompts { output.line(Clean.line(prompt["id"]?.string ?? "?")) }
    } else if prompts.isEmpty {
      output.note("nothing is under way, and nothing waits")
    } else {
      output.lines(PromptText(nowMs: Clock.wallMs()).prompts(prompts, names: Self.names(of: [found])))
    }
    return ExitCode.done
  }

  /// How the agents of some sessions are called, by id.
  static func names(of sessions: [JSON]) -> [String: String] {
    var names: [String: String] = [:]
    for session in sessions {
      let conversation = Conversation(session: session)
      for voice in conversation.voices { names[voice.id] = conversation.name(of: voice.id) }
    }
    return names
  }
}

/// Where a prompt's text comes from.
enum PromptSource {
  /// What the daemon takes, and a byte to see that there is more.
  private static let longest = 1 << 20

  /// The text, without the line break at its end.
  static func text(of source: Sending.Source, from seat: Seat) throws -> String {
    let bytes: [UInt8]
    switch source {
    case .words(let words): return words
    case .file(let path):
      do { bytes = try Files.read(path, atMost: longest + 1) } catch {
        let code = error.isMissing ? ExitCode.notFound : ExitCode.failed
        throw Failure("\(error)", kind: "failed", exitCode: code)
      }
    case .input:
      guard !Terminals.isTerminal(seat.input) else {
        throw Misuse("what to send is missing", hint: "TEXT, -f FILE, or a pipe as standard input")
      }
      bytes = StandardStreams.readAll(from: seat.input, atMost: longest + 1)
    }
    guard bytes.count <= longest else {
      throw Failure(
        "the text has more than \(longest) bytes", hint: "name the file in the prompt: the agent can read it",
        kind: "usage", exitCode: ExitCode.usage)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }
}
