import ArrobaLoop
import ArrobaProvider

/// What a provider brings to the suite: itself, and prompts that bring about what a rule is about. An adapter that has a
/// scripted peer joins by a case of `Contestants`.
@LoopActor
protocol Contestant: AnyObject {
  var provider: any ConversationProvider { get }
  /// The directory of its agents.
  var directory: String { get }
  /// A prompt that leads there.
  func prompt(_ situation: Situation) -> String
  /// What its strange events are told as.
  var strangers: [String] { get }
  /// Lets the situations that wait for it go on.
  func letGo() throws
  /// As a restart of the daemon does: the adapter is a new one, and what it started lives on.
  func restart()
  /// Kills what runs the turns, as a crash would.
  func killServer()
  func stop() async
}

extension Contestant {
  /// The words that all scripted peers know.
  static func usual(_ situation: Situation, gate: () -> String) -> String {
    switch situation {
    case .plain: "hello"
    case .reasoning: "[[reasoning]]"
    case .storm: "[[storm 20000]]"
    case .tool: "[[tool]]"
    case .failingTool: "[[tool-fail]]"
    case .permission: "[[tool-ask echo once]]"
    case .twoPermissions: "[[two-asks]]"
    case .question: "[[question]]"
    case .twoQuestions: "[[questions]]"
    case .child: "[[child]]"
    case .childPermission: "[[child-ask]]"
    case .heldText: "[[gate \(gate())]]"
    case .heldTool: "[[tool-hold \(gate())]]"
    case .heldPrompt: "[[late \(gate())]]"
    case .unauthorized: "[[401]]"
    case .invalid: "[[400]]"
    case .lastingFailure: "[[429]]"
    case .strangeEvents: "[[unknown]]"
    case .crash: "[[exit]]"
    case .stubborn, .passingFailure, .limitForHours, .brokenOff, .endsInNothing, .cutEvents, .noEvents,
      .doubledEvents:
      preconditionFailure("\(situation) is said in each one's own words")
    }
  }
}

/// Where a turn can be led.
enum Situation: String, CaseIterable, Sendable {
  /// A text; a thought and a text; much text at once.
  case plain, reasoning, storm
  /// A tool that asks nothing; one that fails.
  case tool, failingTool
  /// Asks: one permission, two at once, a question, two at once.
  case permission, twoPermissions, question, twoQuestions
  /// An agent within the agent; one that asks.
  case child, childPermission
  /// A text, and a tool, that do not go on until they are let go.
  case heldText, heldTool
  /// The prompt is not taken until it is let go.
  case heldPrompt
  /// It does not stop when it is told to, until it is let go.
  case stubborn
  /// The model's service: two refusals, one failure that passes, one that lasts, one that would last for hours, an answer
  /// that breaks off and begins anew, one that ends in nothing.
  case unauthorized, invalid, passingFailure, lastingFailure, limitForHours, brokenOff, endsInNothing
  /// Its events are cut off, come not at all, come twice, or are of unknown kinds.
  case cutEvents, noEvents, doubledEvents, strangeEvents
  /// The server ends in the middle of it.
  case crash
}

/// Who takes part.
enum Contestants: String, CaseIterable, Sendable {
  case scripted
  case claude

  @LoopActor
  func make(environment: [String: String] = [:]) -> any Contestant {
    switch self {
    case .scripted: ScriptedContestant(environment: environment)
    case .claude: ClaudeContestant()
    }
  }

  /// What cannot come about: a pipe neither loses nor doubles what is said, and the limits of the model's service are
  /// Claude Code's own to wait for.
  private var impossible: Set<Situation> {
    switch self {
    case .scripted: []
    case .claude: [.limitForHours, .endsInNothing, .cutEvents, .noEvents, .doubledEvents]
    }
  }

  /// Each with the situations that can come about.
  static func pairs<Row>(_ rows: [Row], _ situation: (Row) -> Situation) -> [(Contestants, Row)] {
    allCases.flatMap { one in rows.filter { !one.impossible.contains(situation($0)) }.map { (one, $0) } }
  }
}
