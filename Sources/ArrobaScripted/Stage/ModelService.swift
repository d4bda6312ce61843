internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// How the model's service fails, or ends an answer in another way than well; as recorded.
extension Performance {
  func service(_ scene: Script.Scene) async throws(Ending) {
    switch scene.name {
    case "400": throw refusal(400, "Invalid request: scripted")
    case "401": throw refusal(401, "Incorrect API key provided")
    case "403": throw refusal(403, "This key may not use the model")
    case "429": try await retry(scene, because: "Rate limit reached: scripted")
    case "500", "503": try await retry(scene, because: "scripted server failure")
    case "cut-answer": try await cutAnswer(scene)
    case "broken":
      openMessage()
      closeMessage(finish: "unknown", tokens: 0)
    case "empty":
      openMessage()
      closeMessage(finish: "stop", tokens: 0)
    case "length":
      try await say("This answer is cut at the")
      closeMessage(finish: "length")
    case "filter": try await filtered()
    default: try await compact()
    }
  }

  /// Not tried again: the error is the message's.
  private func refusal(_ status: Int, _ message: String) -> Ending {
    openMessage()
    return .failed([
      "name": "APIError",
      "data": ["message": .string(message), "statusCode": .int(status), "isRetryable": false],
    ])
  }

  /// Without a number for ever; the waits double from two seconds on, unless they are told.
  private func retry(_ scene: Script.Scene, because reason: String) async throws(Ending) {
    openMessage()
    var attempt = 0
    let count = scene.number(0, otherwise: Int.max)
    while attempt < count {
      attempt += 1
      try await waitForRetry(attempt, scene, reason)
    }
    beginStep()
    try await say("Answered after \(attempt) failed attempts.")
  }

  private func waitForRetry(_ attempt: Int, _ scene: Script.Scene, _ reason: String) async throws(Ending) {
    let waitMs = scene.number(1, otherwise: 2000 << min(attempt - 1, 10))
    let status: JSON = [
      "type": "retry", "attempt": .int(attempt), "message": .string(reason),
      "next": .int(Clock.wallMs() + waitMs),
    ]
    server.set(status, of: session, in: directory)
    isRetrying = true
    try await pause(waitMs)
    isRetrying = false
    server.set(["type": "busy"], of: session, in: directory)
  }

  /// Each attempt leaves what it had said, without an end, in the same message.
  private func cutAnswer(_ scene: Script.Scene) async throws(Ending) {
    let count = scene.number(0, otherwise: Int.max)
    var attempt = 0
    while attempt < count {
      attempt += 1
      openText(as: "text")
      add("This answer breaks ")
      abandonText()
      try await waitForRetry(attempt, scene, "{\"message\":\"scripted stream failure\"}")
      beginStep()
    }
    try await say("This answer breaks no more.")
  }

  /// The message is final before the error is told.
  private func filtered() async throws(Ending) {
    openMessage()
    let error: JSON = ["name": "ContentFilterError", "data": ["message": "blocked: scripted"]]
    message?["error"] = error
    message?["finish"] = "content-filter"
    completeMessage()
    throw .failed(error)
  }

  /// The conversation is too long: it is summed up, and the prompt's text stored again and answered.
  private func compact() async throws(Ending) {
    openMessage()
    let error: JSON = [
      "name": "ContextOverflowError", "data": ["message": "the context is too long: scripted"],
    ]
    tell("session.error", ["error": error])
    completeMessage()
    server.storePrompt(
      parts: [["type": "compaction", "auto": true, "overflow": true]], in: session, agent: agent, model: model
    )
    openMessage()
    message?["summary"] = true
    try await say("A summary of what was said.")
    closeMessage(finish: "stop")
    tell("session.compacted", [:])
    let text = server.promptText(prompt, in: session)
    server.storePrompt(
      parts: [["type": "text", "text": .string(text)]], in: session, agent: agent, model: model)
    try await say("Answered with a shorter memory.")
  }
}
