import ArrobaJSON
import ArrobaModel

/// A world to decide in, built by the events of commands as the kernel would.
struct Ground {
  private(set) var world = World()
  private(set) var seq: UInt64 = 0

  /// Decides, and applies what was decided.
  @discardableResult
  mutating func run(_ command: Command) throws -> Decision {
    let decision = try command.decide(in: world)
    for event in decision.events { apply(event) }
    return decision
  }

  mutating func apply(_ event: Event, by: String? = nil) {
    seq += 1
    world.apply(RecordedEvent(seq: seq, at: Instant(ms: Int(seq) * 1000), event: event, by: by))
  }

  func session(_ id: SessionID) throws -> Session {
    guard let session = world.session(id) else { throw Missing(what: id.text) }
    return session
  }

  struct Missing: Error { let what: String }

  static let one = SessionID("s_one")

  /// A session in /w with agents of these aliases; their ids are `a_ALIAS`, their first runs `r_ALIAS`.
  static func session(_ id: SessionID = one, alias: String? = nil, agents: [String] = []) throws -> Ground {
    var ground = Ground()
    try ground.run(.create(id, alias: alias, workspace: "/w", agents: agents.map { newAgent($0) }))
    return ground
  }

  static func newAgent(_ name: String, alias: String? = nil, run: String? = nil) -> NewAgent {
    var spec = AgentSpec(provider: "terminal", directory: "/w", columns: 80, rows: 24)
    spec.alias = alias ?? name
    spec.arguments = ["bash"]
    spec.executable = "/usr/bin/bash"
    return NewAgent(id: AgentID("a_\(name)"), run: RunID("r_\(run ?? name)"), spec: spec)
  }

  static let process = Run.Process(pid: 4242, startTicks: 777, boot: "b-1")
}

extension Event {
  /// The name of its kind, as clients see it.
  var kind: String {
    let payload = EventCodec.payload(of: RecordedEvent(seq: 1, at: Instant(ms: 0), event: self), receipt: nil)
    let json = try? JSONReader.read(EventCodec.publicPart(of: payload))  // an event without a kind fails
    return json?["kind"]?.string ?? "no kind"
  }
}

extension Decision.Effect {
  var word: String {
    switch self {
    case .start(_, let agent): "start \(agent.run)"
    case .stop(let run): "stop \(run)"
    case .forget(let agent): "forget \(agent)"
    case .submit(_, let agent, let prompt, _): "submit \(prompt) to \(agent)"
    case .cancel(_, let agent, let prompt, let force):
      "cancel \(prompt) of \(agent)\(force ? " by force" : "")"
    case .answer(_, let agent, let key, let answer): "answer \(key) of \(agent): \(answer.choices.joined())"
    }
  }
}

/// The refusal that `body` ends with, or what it did instead.
func refusal(_ body: () throws -> some Any) throws -> Refusal {
  do {
    let value = try body()
    throw NotRefused(instead: "\(value)")
  } catch let refusal as Refusal {
    return refusal
  }
}

struct NotRefused: Error { let instead: String }
