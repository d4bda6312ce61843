import ArrobaJSON
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider

@testable import ArrobaAdapters

/// A recording played to translators: one for each session without a parent, told what the recorder did as if we had.
struct Replay {
  /// What came out, in order, with the time.
  private(set) var output: [(ms: Int, root: String, what: Output)] = []

  enum Output {
    case signal(ProviderSignal)
    case wish(OpenCodeWish)
  }

  private let recording: Recording
  private var translators: [String: OpenCodeTranslator] = [:]
  private var order: [String] = []
  private var owners: [String: String] = [:]
  private var doubles = OpenCodeDoubles()
  private var prompts = 0
  private var asked: [String: Ask] = [:]
  private var nowMs = 0
  /// Each event a second time, as after a reconnect; looks in between change nothing either.
  var doublesEvents = false
  /// Between each two events: the stream was lost, and found again at once.
  var tearsStream = false

  init(_ recording: Recording) { self.recording = recording }

  mutating func run() {
    for (ms, step) in recording.steps {
      runDeadlines(until: ms)
      nowMs = max(nowMs, ms)
      take(step)
    }
    runDeadlines(until: nowMs + 60_000)
  }

  var signals: [ProviderSignal] {
    output.compactMap { if case .signal(let signal) = $0.what { signal } else { nil } }
  }

  private var now: OpenCodeMoment { OpenCodeMoment(ms: nowMs, wallMs: nowMs + recording.baseMs) }

  private mutating func runDeadlines(until ms: Int) {
    while true {
      let due = order.compactMap { root in translators[root]?.nextDeadlineMs.map { ($0, root) } }
        .min { $0.0 < $1.0 }
      guard let (deadline, root) = due, deadline <= ms else { return }
      nowMs = max(nowMs, deadline)
      let before = output.count
      with(root) { $0.tick(at: $1) }
      // Nothing answers a look here; a deadline that only asks for one would come for ever.
      if output[before...].allSatisfy({ if case .wish(.look) = $0.what { true } else { false } }) { return }
    }
  }

  private mutating func take(_ step: Recording.Step) {
    switch step {
    case .event(let event):
      take(event)
      if doublesEvents { take(event) }
    case .streamEnded:
      for root in order { with(root) { translator, _ in translator.lose(reason: "the server ended") } }
    case .called(let call): called(call)
    case .answered(let call): answered(call)
    }
  }

  private mutating func take(_ event: OpenCodeEvent) {
    guard !doubles.isDouble(event), let session = event.session else { return }
    if case .session(let info) = event.what, let parent = info.parent {
      owners[session] = owners[parent] ?? parent
    }
    let root = owners[session] ?? session
    with(root) { $0.take(event, at: $1) }
  }

  private mutating func called(_ call: Recording.Call) {
    switch call.action {
    case "prompt_async":
      prompts += 1
      let text = call.body["parts"]?.array?.first?["text"]?.string ?? ""
      let id = PromptID("p_\(prompts)")
      with(call.subject) { translator, now in
        // Sent while another is answered, it is nobody of ours who does so.
        guard translator.turn == nil, !translator.isBusy else { return }
        translator.begin(TurnRequest(id: id, text: text), at: now)
      }
    case "abort":
      with(call.subject) { translator, now in
        if let turn = translator.turn { translator.cancel(turn.request.id, force: false, at: now) }
      }
    case "reply", "reject": reply(call)
    default: break
    }
  }

  private mutating func reply(_ call: Recording.Call) {
    let key = call.subject
    for root in order {
      if let ask = asked[key] {
        let choice = call.body["reply"]?.string ?? "reject"
        let answer = AskAnswer(choices: [choice], text: call.body["message"]?.string)
        with(root) { translator, _ in translator.answer(ask.key, with: answer) }
      } else if let ask = asked["\(key)/1"] {
        let label = call.body["answers"]?.array?.first?.array?.first?.string
        let choice = ask.choices.first { label == nil ? $0.effect == .deny : $0.label == label }
        with(root) {
          $0.answer(ask.key, with: AskAnswer(choices: choice.map { [$0.id] } ?? [])); _ = $1
        }
      }
    }
  }

  private mutating func answered(_ call: Recording.Call) {
    if call.action == "prompt_async" {
      with(call.subject) { translator, _ in
        if call.status == 204 { translator.acknowledge() }
      }
      return
    }
    guard !call.isPost, call.status == 200 else { return }
    var look = OpenCodeLook(askedMs: nowMs)
    switch call.action {
    case "message":
      look.messages = (call.answer.array ?? []).compactMap { OpenCodeStoredMessage($0, session: nil) }
    case "status":
      look.statuses = [:]
      for member in call.answer.object?.members ?? [] {
        look.statuses?[member.key] = OpenCodeStatus(member.value)
      }
    case "permission": look.permissions = (call.answer.array ?? []).compactMap { OpenCodePermission($0) }
    case "question": look.questions = (call.answer.array ?? []).compactMap { OpenCodeQuestions($0) }
    case "children": look.children = (call.answer.array ?? []).compactMap { OpenCodeSession($0) }
    default: return
    }
    let isOfOne = call.action == "message" || call.action == "children"
    for root in isOfOne ? [call.subject] : order where translators[root] != nil {
      with(root) { $0.apply(look, at: $1) }
    }
  }

  private mutating func with(_ root: String, _ body: (inout OpenCodeTranslator, OpenCodeMoment) -> Void) {
    guard root.hasPrefix("ses_") else { return }
    if translators[root] == nil {
      translators[root] = OpenCodeTranslator(run: RunID("r_\(order.count + 1)"), root: root)
      order.append(root)
    }
    guard var translator = translators.removeValue(forKey: root) else { return }
    if tearsStream { translator.streamWasLost() }
    body(&translator, now)
    for signal in translator.takeSignals() {
      if case .askOpened(let ask) = signal.what { asked[ask.key] = ask }
      output.append((nowMs, root, .signal(signal)))
    }
    for wish in translator.takeWishes() { output.append((nowMs, root, .wish(wish))) }
    translators[root] = translator
  }
}
