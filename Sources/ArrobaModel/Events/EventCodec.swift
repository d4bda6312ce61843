internal import ArrobaJSON

/// Events as JSON: the `params` of an event on the wire and the payload of a record in the log are the same object,
/// but for `private` (what no client sees: values of variables, receipts), which stands first in the log's.
package enum EventCodec {
  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  /// How each payload with something private begins.
  package static let privateMark = Array(#"{"private":"#.utf8)

  package static func payload(of record: RecordedEvent, receipt: CommandReceipt?) -> [UInt8] {
    let form = EventForm(record.event)
    var members = JSONObject()
    var hidden = JSONObject()
    if !form.secrets.members.isEmpty { hidden["env"] = .object(form.secrets) }
    if let receipt {
      hidden["receipt"] = ["fingerprint": .string(receipt.fingerprint), "answer": receipt.answer]
    }
    if !hidden.members.isEmpty { members["private"] = .object(hidden) }
    members["at"] = .string(record.at.text)
    members["kind"] = .string(form.kind)
    members["session"] = form.session.map { .string($0) }
    members["agent"] = form.agent.map { .string($0) }
    members["prompt"] = form.prompt.map { .string($0) }
    members["by"] = record.by.map { .string($0) }
    members["command"] = record.command.map { .string($0) }
    members["data"] = form.data
    return JSON.object(members).encoded
  }

  package static func read(_ payload: UnsafeBufferPointer<UInt8>, seq: UInt64) throws -> (
    RecordedEvent, CommandReceipt?
  ) {
    let json = try JSONReader.read(payload)
    guard let kind = json["kind"]?.string, let at = json["at"]?.string.flatMap({ Instant($0) }) else {
      throw Malformed(description: "the event \(seq) has no kind or no time")
    }
    let form = EventForm(
      kind: kind, session: json["session"]?.string, agent: json["agent"]?.string,
      prompt: json["prompt"]?.string, data: json["data"] ?? .object(JSONObject()),
      secrets: json["private"]?["env"]?.object ?? JSONObject())
    let record = RecordedEvent(
      seq: seq, at: at, event: form.event, by: json["by"]?.string, command: json["command"]?.string)
    guard let receipt = json["private"]?["receipt"], let command = record.command else {
      return (record, nil)
    }
    return (
      record,
      CommandReceipt(
        command: command, fingerprint: receipt["fingerprint"]?.string ?? "",
        answer: receipt["answer"] ?? .null)
    )
  }

  /// What a payload is about, for those who filter.
  package static func subject(of payload: UnsafeBufferPointer<UInt8>)
    -> (kind: String, session: String?, agent: String?)
  {
    guard let json = try? JSONReader.read(payload) else { return ("", nil, nil) }  // damaged: about nothing
    return (json["kind"]?.string ?? "", json["session"]?.string, json["agent"]?.string)
  }

  /// The payload as clients may see it.
  package static func publicPart(of payload: [UInt8]) -> [UInt8] {
    guard payload.starts(with: privateMark) else { return payload }
    // What cannot be read is not ours, and may hide anything: none of it goes out.
    guard case .object(var object)? = try? JSONReader.read(payload) else { return Array("{}".utf8) }
    object["private"] = nil
    return JSON.object(object).encoded
  }
}

/// An event taken apart: its kind's name, what it is about, and its data.
struct EventForm: Equatable {
  var kind: String
  var session: String?
  var agent: String?
  var prompt: String?
  var data: JSON
  var secrets = JSONObject()

  init(
    kind: String, session: String?, agent: String?, prompt: String? = nil, data: JSON,
    secrets: JSONObject = JSONObject()
  ) {
    self.kind = kind
    self.session = session
    self.agent = agent
    self.prompt = prompt
    self.data = data
    self.secrets = secrets
  }

  init(_ event: Event) {
    switch event {
    case .session(let id, let event):
      (kind, data) = Self.parts(event)
      session = id.text
    case .agent(let id, let agent, let event):
      if let parts = Self.talkParts(event) {
        (kind, data) = (parts.kind, parts.data)
        prompt = parts.prompt?.text
      } else {
        (kind, data) = Self.parts(event)
      }
      session = id.text
      self.agent = agent.text
      if case .spawned(let spec) = event {
        secrets = JSONObject(
          spec.environment.map { JSONObject.Member(key: $0.name, value: .string($0.value)) })
      }
    case .daemon(.started(let version, let pid, let boot)):
      kind = "daemon.started"
      data = ["version": .string(version), "pid": .int(pid), "boot": .string(boot)]
    case .daemon(.stopping(let reason)):
      kind = "daemon.stopping"
      data = ["reason": .string(reason)]
    case .daemon(.answered):
      kind = "command.answered"
      data = [:]
    case .unknown(let kind, let session, let agent, let data):
      self.kind = kind
      self.session = session
      self.agent = agent
      self.data = data
    }
  }

  private static func parts(_ event: SessionEvent) -> (String, JSON) {
    switch event {
    case .created(let alias, let workspace):
      ("session.created", .record(["alias": .text(alias), "workspace": .string(workspace)]))
    case .renamed(let alias): ("session.renamed", ["alias": .text(alias) ?? .null])
    case .ended: ("session.ended", [:])
    case .deleted: ("session.deleted", [:])
    }
  }

  private static func parts(_ event: AgentEvent) -> (String, JSON) {
    switch event {
    case .spawned(let spec): ("agent.spawned", spec.json)
    case .renamed(let alias): ("agent.renamed", ["alias": .text(alias) ?? .null])
    case .focused: ("agent.focused", [:])
    case .activity(let state, let reason, let source):
      (
        "agent.activity",
        .record([
          "state": .string(state.rawValue), "reason": .text(reason), "source": .string(source.rawValue),
        ])
      )
    case .resized(let columns, let rows):
      ("agent.resized", ["cols": .int(Int(columns)), "rows": .int(Int(rows))])
    case .exited(let run, let exit): ("agent.exited", ["run": .string(run.text), "exit": exit.json])
    case .deleted: ("agent.deleted", [:])
    case .runStarting(let run): ("run.starting", ["run": .string(run.text)])
    case .runStarted(let run, let process):
      (
        "run.started",
        [
          "run": .string(run.text), "pid": .int(process.pid), "startTicks": .int(process.startTicks),
          "boot": .string(process.boot),
        ]
      )
    case .runParked(let run): ("run.parked", ["run": .string(run.text)])
    case .runEnded(let run, let exit, let reason):
      ("run.ended", .record(["run": .string(run.text), "exit": exit?.json, "reason": .text(reason)]))
    case .notice(let text): ("notice", ["message": .string(text)])
    case .runOpened, .prompt, .item, .ask, .usage: ("", [:])  // talkParts knows them
    }
  }
}

extension EventForm {
  /// The event again; one whose kind or data this version does not know stays as it is.
  var event: Event {
    if let known = knownEvent { return known }
    return .unknown(kind: kind, session: session, agent: agent, data: data)
  }

  private var knownEvent: Event? {
    if let session, let agent { return agentEvent.map { .agent(SessionID(session), AgentID(agent), $0) } }
    if let session { return sessionEvent.map { .session(SessionID(session), $0) } }
    switch kind {
    case "daemon.started":
      guard let version = data["version"]?.string, let pid = data["pid"]?.int else { return nil }
      return .daemon(.started(version: version, pid: pid, boot: data["boot"]?.string ?? ""))
    case "command.answered": return .daemon(.answered)
    case "daemon.stopping": return .daemon(.stopping(reason: data["reason"]?.string ?? ""))
    default: return nil
    }
  }

  private var sessionEvent: SessionEvent? {
    switch kind {
    case "session.created":
      data["workspace"]?.string.map { .created(alias: data["alias"]?.string, workspace: $0) }
    case "session.renamed": .renamed(alias: data["alias"]?.string)
    case "session.ended": .ended
    case "session.deleted": .deleted
    default: nil
    }
  }

  private var agentEvent: AgentEvent? {
    if let talkEvent { return talkEvent }
    let run = data["run"]?.string.map { RunID($0) }
    switch kind {
    case "agent.spawned": return AgentSpec(json: data, values: secrets).map { .spawned($0) }
    case "agent.renamed": return .renamed(alias: data["alias"]?.string)
    case "agent.focused": return .focused
    case "agent.activity":
      guard let state = data["state"]?.string.flatMap({ Activity.State(rawValue: $0) }),
        let source = data["source"]?.string.flatMap({ Activity.Source(rawValue: $0) })
      else { return nil }
      return .activity(state, reason: data["reason"]?.string, source: source)
    case "agent.resized":
      guard let columns = data["cols"]?.int.flatMap({ UInt16(exactly: $0) }),
        let rows = data["rows"]?.int.flatMap({ UInt16(exactly: $0) })
      else { return nil }
      return .resized(columns: columns, rows: rows)
    case "agent.exited":
      guard let run, let exit = data["exit"].flatMap({ Run.Exit(json: $0) }) else { return nil }
      return .exited(run, exit)
    case "agent.deleted": return .deleted
    case "run.starting": return run.map { .runStarting($0) }
    case "run.started":
      guard let run, let pid = data["pid"]?.int, let ticks = data["startTicks"]?.int else { return nil }
      return .runStarted(run, Run.Process(pid: pid, startTicks: ticks, boot: data["boot"]?.string ?? ""))
    case "run.parked": return run.map { .runParked($0) }
    case "run.ended":
      return run.map {
        .runEnded($0, exit: data["exit"].flatMap { Run.Exit(json: $0) }, reason: data["reason"]?.string)
      }
    case "notice": return data["message"]?.string.map { .notice($0) }
    default: return nil
    }
  }
}
