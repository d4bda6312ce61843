internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// What a session does from a prompt to its idle: the scenes of the prompt's script, one after another, with the events that
/// OpenCode was recorded with. An abort is thrown where it waits, and closes what is open.
@LoopActor
final class Performance {
  /// Why a performance does not come to its last scene.
  enum Ending: Error {
    case aborted
    /// A permission was denied or a question dismissed: the turn ends without an error.
    case rejected(String)
    /// As an error of the message.
    case failed(JSON)
  }

  enum Outcome {
    case completed(String)
    case rejected(String)
    case aborted
    case failed(String)
  }

  let server: ScriptedServer
  let session: String
  let directory: String
  let agent: String
  let model: JSON
  /// The message that is answered.
  let prompt: String
  private let script: Script

  // What it is at; see PerformanceSaying and PerformanceTools.
  var message: JSONObject?
  var openText: (part: JSONObject, text: String)?
  var openCalls: [ToolRun] = []
  var outputTokens = 0
  var toolResults = 0
  var lastText = ""
  var isRetrying = false
  var child: Performance?

  private var isStopped = false
  private var waiting: [Wakeup] = []
  private var gates: [Gate] = []
  private var afterEnd: [@LoopActor () -> Void] = []
  private(set) var outcome: Outcome?

  init(
    server: ScriptedServer, session: String, directory: String, agent: String, model: JSON, prompt: String,
    script: Script
  ) {
    self.server = server
    self.session = session
    self.directory = directory
    self.agent = agent
    self.model = model
    self.prompt = prompt
    self.script = script
  }

  /// Calls `body` once it is over, at once if it is.
  func whenOver(_ body: @escaping @LoopActor () -> Void) {
    if outcome == nil { afterEnd.append(body) } else { body() }
  }

  // MARK: its life

  func begin() {
    server.set(["type": "busy"], of: session, in: directory)
    if script.scene("silent") != nil { server.bus.muted.insert(session) }
    if script.scene("double") != nil { server.bus.doubled.insert(session) }
    Loop.shared.task { await self.run() }
  }

  private func run() async {
    do throws(Ending) {
      try await play()
      if message != nil { closeMessage(finish: "stop") }
      tell("session.status", ["status": ["type": "busy"]])
      over(.completed(lastText))
    } catch {
      switch error {
      case .rejected(let reason): over(.rejected(reason))
      case .failed(let error): fail(error)
      case .aborted:
        stop()
        over(.aborted)
      }
    }
  }

  private func play() async throws(Ending) {
    guard knowsModel else { throw .failed(Self.unknownModel(model)) }
    if script.scenes.isEmpty { try await say("You said: \(script.text)") }
    for scene in script.scenes { try await perform(scene) }
    if message == nil, toolResults > 0 { try await say("Done after \(toolResults) tool result(s).") }
  }

  private func over(_ outcome: Outcome) {
    self.outcome = outcome
    for gate in gates { gate.cancel() }
    server.ended(self)
    server.bus.muted.remove(session)
    server.bus.doubled.remove(session)
    let bodies = afterEnd
    afterEnd = []
    for body in bodies { body() }
  }

  private var knowsModel: Bool { model["providerID"]?.string == "scripted" }

  private static func unknownModel(_ model: JSON) -> JSON {
    let name = "\(model["providerID"]?.string ?? "")/\(model["modelID"]?.string ?? "")"
    return ["name": "UnknownError", "data": ["message": .string("Model not found: \(name).")]]
  }

  /// An error comes with two idle pairs, the first one before the message is final (recorded).
  private func fail(_ error: JSON) {
    tell("session.error", ["error": error])
    if message != nil {
      server.tellIdle(session, in: directory)
      message?["error"] = error
      completeMessage()
    }
    over(.failed(error["data"]?["message"]?.string ?? ""))
    // Of a model that it does not know it speaks twice.
    if !knowsModel { tell("session.error", ["error": error]) }
  }

  // MARK: stopping

  /// `done` is called when it has stopped.
  func abort(_ done: @escaping @LoopActor () -> Void) {
    whenOver(done)
    guard !isStopped, outcome == nil else { return }
    if let stubborn = script.scene("stubborn") {
      guard !stubborn.argument.isEmpty, gates.isEmpty else { return }
      return watch(stubborn.argument) { [weak self] in self?.stopNow() }
    }
    stopNow()
  }

  private func stopNow() {
    guard !isStopped, outcome == nil else { return }
    isStopped = true
    child?.abort {}
    // In a wait for the next try nothing is said of it (recorded).
    if !isRetrying {
      tell("session.error", ["error": Self.aborted])
      server.tellIdle(session, in: directory)
    }
    let all = waiting
    waiting = []
    for wakeup in all { wakeup.wake() }
  }

  private static let aborted: JSON = ["name": "MessageAbortedError", "data": ["message": "Aborted"]]

  private func stop() {
    closeText()
    closeCalls()
    guard message != nil else { return }
    if !isRetrying { message?["error"] = Self.aborted }
    completeMessage()
  }

  // MARK: waiting

  /// Waits until `begin` has had its wakeup woken, or the turn is stopped.
  func wait(_ begin: @LoopActor (Wakeup) -> Void) async throws(Ending) {
    guard !isStopped else { throw .aborted }
    let wakeup = Wakeup()
    waiting.append(wakeup)
    begin(wakeup)
    await wakeup.wait()
    waiting.removeAll { $0 === wakeup }
    guard !isStopped else { throw .aborted }
  }

  func pause(_ ms: Int) async throws(Ending) {
    try await wait { wakeup in Loop.shared.after(ms) { wakeup.wake() } }
  }

  /// Waits for a file; without a name, for ever.
  func gate(_ file: String) async throws(Ending) {
    try await wait { wakeup in
      if !file.isEmpty { watch(file) { wakeup.wake() } }
    }
  }

  private func watch(_ file: String, _ opened: @escaping @LoopActor @Sendable () -> Void) {
    gates.append(Gate(file, in: directory, opened: opened))
  }

  // MARK: telling

  /// An event of this session; its id is added.
  func tell(_ type: String, _ properties: JSONObject, isDurable: Bool = false) {
    var members: JSONObject = ["sessionID": .string(session)]
    for member in properties.members { members[member.key] = member.value }
    server.bus.tell(type, .object(members), of: session, in: directory, isDurable: isDurable)
  }

  func tell(part: JSONObject) {
    server.store.keep(part: .object(part))
    tell(
      "message.part.updated", ["part": .object(part), "time": .int(Clock.wallMs())], isDurable: true)
  }
}
