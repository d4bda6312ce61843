import ArrobaJSON
import ArrobaModel
import ArrobaSupervision
import ArrobaProvider

@testable import ArrobaAdapters

/// A translator on a clock that the test moves, with a server that a look sees.
struct TurnUnderTest {
  static let root = "ses_root"
  private(set) var translator = OpenCodeTranslator(run: RunID("r_1"), root: root)
  private(set) var signals: [ProviderSignal] = []
  private(set) var wishes: [OpenCodeWish] = []
  var ms = 0
  private var arrivals = 0

  /// What a look shows; nil: it cannot be asked.
  var look: OpenCodeLook? = {
    var look = OpenCodeLook(askedMs: 0)
    look.messages = []
    look.statuses = [:]
    look.permissions = []
    look.questions = []
    return look
  }()

  var now: OpenCodeMoment { OpenCodeMoment(ms: ms, wallMs: 1_000_000 + ms) }

  // What the conversation does.

  mutating func begin(_ id: String = "p_1", text: String = "hello") {
    translator.begin(TurnRequest(id: PromptID(id), text: text), at: now)
    translator.acknowledge()
    drain()
  }

  mutating func change(_ body: (inout OpenCodeTranslator, OpenCodeMoment) -> Void) {
    body(&translator, now)
    drain()
  }

  /// Lets time pass; deadlines are met on the way, and looks answered at once.
  mutating func pass(_ duration: Int) {
    let end = ms + duration
    while let due = translator.nextDeadlineMs, due <= end {
      ms = max(ms + 1, due)
      translator.tick(at: now)
      drain()
    }
    ms = max(ms, end)
  }

  private mutating func drain() {
    signals += translator.takeSignals()
    for wish in translator.takeWishes() {
      wishes.append(wish)
      switch wish {
      case .look:
        guard var look else { continue }
        look.askedMs = ms
        translator.apply(look, at: now)
        drain()
      case .resend: translator.acknowledge()
      case .abort, .reply: break
      }
    }
  }

  // What the server says.

  mutating func take(_ what: OpenCodeEvent.What, of session: String = root) {
    translator.take(OpenCodeEvent(session: session, directory: "/work", what: what), at: now)
    drain()
  }

  mutating func idle(_ session: String = root) {
    take(.status(.idle), of: session)
    take(.idle, of: session)
  }

  mutating func busy(_ session: String = root) { take(.status(.busy), of: session) }

  mutating func prompt(_ text: String = "hello", id: String = "msg_user") {
    arrivals += 1
    take(.message(Self.message(id, .user, createdMs: arrivals)))
    take(.part(Self.text(text, "prt_\(id)", of: id)))
  }

  mutating func answer(
    _ id: String = "msg_answer", finish: String? = nil, isComplete: Bool = false, error: OpenCodeError? = nil,
    output: Int = 0, of session: String = root
  ) {
    arrivals += 1
    take(
      .message(
        Self.message(
          id, .assistant, createdMs: arrivals, finish: finish, isComplete: isComplete, error: error,
          output: output,
          session: session)), of: session)
  }

  static func message(
    _ id: String, _ role: OpenCodeMessage.Role, createdMs: Int, finish: String? = nil,
    isComplete: Bool = false,
    error: OpenCodeError? = nil, output: Int = 0, session: String = root
  ) -> OpenCodeMessage {
    OpenCodeMessage(
      id: id, session: session, role: role, createdMs: createdMs,
      completedMs: isComplete ? createdMs + 5 : nil,
      finish: finish, error: error, usage: Usage(input: 10, output: output), isSummary: false, model: nil)
  }

  static func text(
    _ text: String, _ id: String, of message: String, isEnded: Bool = false, session: String = root
  ) -> OpenCodePart {
    OpenCodePart(
      id: id, session: session, message: message,
      content: .text(OpenCodePart.Text(text: text, isEnded: isEnded, isSynthetic: false)))
  }

  static func tool(
    _ status: OpenCodeTool.Status, _ id: String = "prt_tool", call: String = "call_1",
    of message: String = "msg_answer",
    output: String? = nil, live: String? = nil, session: String = root
  ) -> OpenCodePart {
    OpenCodePart(
      id: id, session: session, message: message,
      content: .tool(
        OpenCodeTool(
          callID: call, name: "bash", status: status, input: ["command": "ls -l"], title: nil, output: output,
          metadata: .record(["output": .text(live)]), startedMs: 1, endedMs: nil)))
  }

  static func permission(
    _ id: String = "per_1", session: String = root, call: String? = "call_1",
    metadata: JSON = ["command": "ls -l"]
  ) -> OpenCodePermission {
    OpenCodePermission(
      id: id, session: session, permission: "bash", patterns: ["ls -l"], always: ["ls *"], metadata: metadata,
      callID: call)
  }

  // What came of it.

  var ends: [TurnEnd] { signals.compactMap { if case .turnEnded(let end) = $0.what { end } else { nil } } }
  var asks: [Ask] { signals.compactMap { if case .askOpened(let ask) = $0.what { ask } else { nil } } }
  var looks: Int { wishes.count { $0 == .look } }
  var replies: [OpenCodeReply] { wishes.compactMap { if case .reply(let reply) = $0 { reply } else { nil } } }
  var whats: [ProviderSignal.What] { signals.map(\.what) }

  /// What a reader of the items sees at the end, by key.
  var texts: [String: String] {
    var shown: [String: String] = [:]
    for what in whats {
      switch what {
      case .itemStarted(let item), .itemCompleted(let item): shown[item.key] = item.text
      case .itemDelta(let key, let text): shown[key, default: ""] += text
      case .itemDropped(let key): shown[key] = nil
      default: break
      }
    }
    return shown
  }
}
