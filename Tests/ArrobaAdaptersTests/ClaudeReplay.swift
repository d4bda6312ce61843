import ArrobaJSON
import ArrobaModel
import ArrobaProvider
import ArrobaSystem
import Testing

@testable import ArrobaAdapters

/// What the real Claude Code said in one scenario, and what it was told; see Tests/Fixtures/claude-code/trim.py.
struct ClaudeRecording: Sendable, CustomTestStringConvertible {
  enum Side: String {
    case told = "in"
    case said = "out"
  }

  let name: String
  let lines: [(ms: Int, side: Side, json: JSON)]

  var testDescription: String { name }

  static let folder = "Tests/Fixtures/claude-code"

  static let all: [ClaudeRecording] = {
    let place = "\(Recording.root)/\(folder)"
    do {
      return try Files.list(place).filter { $0.hasSuffix(".ndjson") }.sorted().map {
        try ClaudeRecording(String($0.dropLast(7)), at: "\(place)/\($0)")
      }
    } catch {
      Issue.record("cannot read the recordings: \(error)")
      return []
    }
  }()

  private init(_ name: String, at path: String) throws {
    self.name = name
    lines = try Files.read(path, atMost: 4 << 20).split(separator: 0x0A).compactMap { bytes in
      let json = try JSONReader.read(bytes)
      let ms = json["t"]?.int ?? 0
      if let told = json["in"], told.object != nil { return (ms, .told, told) }
      return json["out"].flatMap { $0.object == nil ? nil : (ms, .said, $0) }
    }
  }
}

/// A recording played to a translator, which is told what the recorder did as if we had.
struct ClaudeReplay {
  private(set) var hearing = Hearing()
  /// Signals and wishes as they came.
  private(set) var output: [(ms: Int, what: Output)] = []

  enum Output {
    case signal(ProviderSignal)
    case wish(ClaudeTranslator.Wish)
  }

  private let recording: ClaudeRecording
  private var translator = ClaudeTranslator(run: RunID("r_1"))
  private var prompts = 0
  /// The names that the recorder gave its prompts, and ours.
  private var marks: [String: String] = [:]
  /// Each line once more.
  var doublesLines = false
  /// Between each two lines one of a kind that nobody knows.
  var mixesStrangers = false
  /// What the next daemon hears of the last turn, from its beginning on.
  private var stretch: [(ms: Int, json: JSON)] = []
  private var nowMs = 0

  init(_ recording: ClaudeRecording) { self.recording = recording }

  /// Plays so many of its lines, and then the process is gone.
  mutating func run(_ count: Int = .max) {
    for (ms, side, json) in recording.lines.prefix(count) {
      nowMs = ms
      switch side {
      case .told: told(json)
      case .said:
        stretch.append((ms, json))
        hear(json)
        if doublesLines { hear(json) }
        if mixesStrangers {
          hear(["type": "hologram", "uuid": .string("h\(ms)")])
          hear(["type": "system", "subtype": "hologram"])
          hear(["type": "stream_event", "event": ["type": "hologram"]])
        }
      }
    }
    translator.lose(reason: "the recording ends", nowMs: nowMs)
    collect()
  }

  /// As the next daemon: a fresh translator that hears the last turn from its beginning on.
  mutating func runAgain() {
    guard let turn = hearing.submitted.last else { return }
    translator = ClaudeTranslator(run: RunID("r_1"))
    hearing = Hearing()
    hearing.submitted = [turn]
    output = []
    translator.settle(
      UnsettledTurn(id: turn, text: "", dispatchedAt: Instant(ms: 0), mark: nil, cancelledAt: nil),
      wasSent: true,
      nowMs: 0)
    for (ms, json) in stretch {
      nowMs = ms
      hear(json)
    }
    translator.lose(reason: "the recording ends", nowMs: nowMs)
    collect()
  }

  private mutating func hear(_ json: JSON) {
    translator.take(renamed(json), nowMs: nowMs)
    collect()
  }

  /// Our prompts carry names that follow from their ids.
  private func renamed(_ json: JSON) -> JSON {
    guard case .object(var object) = json else { return json }
    for key in ["command_uuid", "uuid"] {
      if let mark = object[key]?.string.flatMap({ marks[$0] }) { object[key] = .string(mark) }
    }
    return .object(object)
  }

  private mutating func told(_ json: JSON) {
    switch json["type"]?.string {
    case "user":
      // Sent while another is answered, it is nobody of ours who does so.
      guard translator.turn == nil else { return }
      prompts += 1
      let id = PromptID("p_\(prompts)")
      if let mark = json["uuid"]?.string { marks[mark] = ClaudeCalls.mark(of: id) }
      stretch = []
      hearing.submitted.append(id)
      translator.begin(id)
    case "control_request" where json["request"]?["subtype"] == "interrupt":
      if let id = translator.turn?.id { translator.cancel(id, force: false, nowMs: nowMs) }
    case "control_response": answer(json["response"] ?? .null)
    default: break
    }
    collect()
  }

  private mutating func answer(_ response: JSON) {
    let id = response["request_id"]?.string ?? ""
    guard let ask = hearing.asks.first(where: { $0.key == id || $0.key == "\(id)#1" }) else { return }
    let body = response["response"] ?? .null
    var answer = AskAnswer(choices: [])
    if body["behavior"] == "deny" {
      answer.choices = ask.denial.map { [$0.id] } ?? []
      answer.text = body["interrupt"] == true ? nil : body["message"]?.string
    } else if let label = body["updatedInput"]?["answers"]?.object?.members.first?.value.string {
      answer.choices = ask.choices.filter { $0.label == label }.map(\.id)
    } else {
      let isLasting = body["updatedPermissions"] != nil
      answer.choices =
        ask.choices.first { $0.effect == (isLasting ? .allowAlways : .allowOnce) }.map { [$0.id] } ?? []
    }
    // The recorder answered once too late, on purpose.
    if !hearing.isWithdrawn(ask.key) { hearing.answered.insert(ask.key) }
    translator.answer(ask.key, with: answer)
  }

  private mutating func collect() {
    for signal in translator.takeSignals() {
      hearing.signals.append(signal)
      output.append((nowMs, .signal(signal)))
    }
    for wish in translator.takeWishes() { output.append((nowMs, .wish(wish))) }
  }

  /// As lines for golden files.
  var words: [String] {
    let words = SignalWords()
    return output.map { ms, what in
      switch what {
      case .signal(let signal): "\(ms) \(signal.turn?.text ?? "-") \(words.words(signal.what))"
      case .wish(.send(let json)): "\(ms) > \(json.encodedText)"
      case .wish(.kill): "\(ms) > kill"
      }
    }
  }
}

extension Hearing {
  fileprivate func isWithdrawn(_ key: String) -> Bool {
    signals.contains { if case .askWithdrawn(key, _) = $0.what { true } else { false } }
  }

  var asks: [Ask] {
    signals.compactMap { if case .askOpened(let ask) = $0.what { ask } else { nil } }
  }
}
