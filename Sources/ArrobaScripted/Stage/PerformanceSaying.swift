internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// The assistant's messages and the texts in them.
extension Performance {
  /// Milliseconds between two pieces of a text: a person sees it stream, and nobody waits for it.
  private static let usualPauseMs = 8
  private static let usualPiece = 12
  /// A long text comes in longer pieces: nobody waits for an hour.
  private static let mostPieces = 200

  // MARK: messages

  /// Begins a message of the assistant, if none is being written: one for each step of the model.
  func openMessage() {
    guard message == nil else { return }
    let path: JSON = ["cwd": .string(directory), "root": .string(directory)]
    let info: JSONObject = [
      "id": .string(Identifiers.next("msg")), "parentID": .string(prompt), "role": "assistant",
      "mode": .string(agent), "agent": .string(agent), "path": path, "cost": 0,
      "tokens": Self.tokens(input: 0, output: 0), "modelID": model["modelID"] ?? "",
      "providerID": model["providerID"] ?? "", "time": ["created": .int(Clock.wallMs())],
      "sessionID": .string(session),
    ]
    message = info
    outputTokens = 0
    tellMessage()
    tell("session.status", ["status": ["type": "busy"]])
    beginStep()
  }

  func beginStep() { tell(part: newPart(["type": "step-start", "snapshot": "scripted"])) }

  private func tellMessage() {
    guard let message else { return }
    server.store.keep(message: .object(message))
    tell("message.updated", ["info": .object(message)], isDurable: true)
  }

  private static func tokens(input: Int, output: Int) -> JSON {
    [
      "total": .int(input + output), "input": .int(input), "output": .int(output), "reasoning": 0,
      "cache": ["read": 0, "write": 0],
    ]
  }

  /// The step is over, and the message with it.
  func closeMessage(finish: String, tokens: Int? = nil) {
    guard message != nil else { return }
    let output = tokens ?? outputTokens
    let used = Self.tokens(input: output == 0 ? 0 : 100, output: output)
    let cost = JSON.double(Double(output) / 1_000_000)
    tell(
      part: newPart([
        "type": "step-finish", "reason": .string(finish), "snapshot": "scripted", "tokens": used,
        "cost": cost,
      ]))
    message?["finish"] = .string(finish)
    message?["tokens"] = used
    message?["cost"] = cost
    tellMessage()
    completeMessage()
  }

  /// Nothing is added to it any more.
  func completeMessage() {
    let created = message?["time"]?["created"] ?? 0
    message?["time"] = ["created": created, "completed": .int(Clock.wallMs())]
    tellMessage()
    message = nil
  }

  func newPart(_ members: JSONObject) -> JSONObject {
    var part: JSONObject = [
      "id": .string(Identifiers.next("prt")), "messageID": message?["id"] ?? "",
      "sessionID": .string(session),
    ]
    for member in members.members { part[member.key] = member.value }
    return part
  }

  // MARK: texts

  /// A whole text, piece by piece.
  func say(_ text: String, as kind: String = "text", pauseMs: Int = usualPauseMs, piece: Int? = nil)
    async throws(Ending)
  {
    openText(as: kind)
    let piece = piece ?? max(Self.usualPiece, text.utf8.count / Self.mostPieces)
    var rest = Substring(text)
    while !rest.isEmpty {
      add(String(rest.prefix(piece)))
      rest = rest.dropFirst(piece)
      try await pause(pauseMs)
    }
    closeText()
  }

  func openText(as kind: String, begunWith text: String = "") {
    openMessage()
    let part = newPart([
      "type": .string(kind), "text": .string(text), "time": ["start": .int(Clock.wallMs())],
    ])
    openText = (part, text)
    tell(part: part)
  }

  /// A piece of the text that is open. No disk sees it until the text is complete.
  func add(_ piece: String) {
    guard let part = openText?.part else { return }
    openText?.text += piece
    outputTokens += 1
    tell(
      "message.part.delta",
      [
        "messageID": part["messageID"] ?? "", "partID": part["id"] ?? "", "field": "text",
        "delta": .string(piece),
      ])
  }

  func closeText() {
    guard let (opened, text) = openText else { return }
    var part = opened
    openText = nil
    lastText = text
    part["text"] = .string(text)
    part["time"] = ["start": part["time"]?["start"] ?? 0, "end": .int(Clock.wallMs())]
    tell(part: part)
  }

  /// What a try that failed had begun to say: it stays as it is, without text on the disk (recorded).
  func abandonText() { openText = nil }
}
