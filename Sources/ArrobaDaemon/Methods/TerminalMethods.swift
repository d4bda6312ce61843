internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaTerminal
internal import ArrobaWire

extension Exchange {
  // MARK: attach

  func attach(_ params: Params) async throws(WireError) -> Reply {
    let (session, agent) = try await agent(params)
    guard let size = try params.size() else {
      throw Params.invalid("cols", expected: "the client's columns and rows", got: nil)
    }
    let mode = try params.text("mode", atMost: 16) ?? "drive"
    guard mode == "drive" || mode == "view" else {
      throw Params.invalid("mode", expected: "\"drive\" or \"view\"", got: .string(mode))
    }
    let after = try params.number("after", in: 0...Int.max).map { UInt64($0) }
    let resume = try params.text("resume", atMost: InputLedgerLimits.longestName)
    if agent.talk != nil {
      try await kernel.openNative(agent.id, in: session.id, columns: size.columns, rows: size.rows)
    }
    let terminal = try await terminal(of: agent, in: session)
    let client = TerminalLaneClient(
      attachment: resume.map { AttachmentID($0) } ?? AttachmentID.mint(), terminal: terminal,
      drives: mode == "drive", connection: connection, after: after, isNew: resume == nil,
      isPaced: try params.flag("paced"), columns: size.columns, rows: size.rows)
    let accepted = try terminal.attach(
      client, drives: mode == "drive", columns: size.columns, rows: size.rows, resume: resume != nil)
    let result: JSON = .record([
      "attachment": .string(client.attachment.text), "offset": .int(Int(client.startOffset)),
      "inputOffset": .int(Int(accepted)), "cols": .int(Int(terminal.columns)),
      "rows": .int(Int(terminal.rows)), "paced": client.isPaced ? true : nil,
    ])
    return .attached(result, client)
  }

  private enum InputLedgerLimits {
    static let longestName = 24
  }

  /// The agent's terminal; waits for one that is being born.
  func terminal(of agent: Agent, in session: Session) async throws(WireError) -> Terminal {
    let room = kernel.terminals
    let failure = await withCheckedContinuation { (done: CheckedContinuation<String?, Never>) in
      room.whenStarted(agent.id) { done.resume(returning: $0) }
    }
    if let terminal = room.terminal(of: agent.id) { return terminal }
    let name = agent.spec.alias ?? agent.id.text
    let now = world.agent(agent.id, in: session.id)
    guard let now else {
      throw WireError(kind: .agentNotFound, message: "the agent \(name) was deleted", hint: "arroba agent ls")
    }
    if now.talk != nil, failure == nil, now.isLive {
      throw WireError(
        kind: .terminalNotAvailable, message: "the provider's own client does not run on \(name)",
        hint: "arroba attach starts it", details: ["agent": .string(agent.id.text)])
    }
    let reason = failure ?? now.run?.reason ?? now.activity.reason ?? "its program has ended"
    throw WireError(
      kind: .terminalNotAvailable, message: "\(name) has no terminal now: \(reason)",
      hint: now.isLive && failure == nil ? nil : "arroba agent restart",
      details: ["agent": .string(agent.id.text)])
  }

  // MARK: for scripts

  func enterInput(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    let terminal = try await terminal(of: agent, in: session)
    let bytes = try input(params, terminal)
    let deadline = LoopClock.nowMs() + Self.patienceMs
    let turn = terminal.scripts.take()
    defer { terminal.scripts.leave() }
    prepared()
    await terminal.scripts.wait(for: turn)
    guard terminal.exit == nil else {
      throw WireError(
        kind: .terminalNotAvailable, message: "the program of \(agent.spec.alias ?? agent.id.text) has ended",
        hint: "arroba agent restart")
    }
    var entered = 0
    while entered < bytes.count {
      entered += bytes.withUnsafeBytes { terminal.enter(UnsafeRawBufferPointer(rebasing: $0[entered...])) }
      guard entered < bytes.count else { break }
      let isLate = await waitUntilWritable(terminal, deadline: deadline)
      guard !isLate else {
        throw WireError(
          kind: .busy, message: "the program reads nothing: \(entered) of \(bytes.count) bytes were entered",
          hint: "send the rest later", details: ["accepted": .int(entered)])
      }
    }
    return ["accepted": .int(entered)]
  }

  /// As long as a busy program may need to read what a script types.
  private static let patienceMs = 10_000

  /// Whether the deadline came first.
  private func waitUntilWritable(_ terminal: Terminal, deadline: Int) async -> Bool {
    await withCheckedContinuation { (done: CheckedContinuation<Bool, Never>) in
      let first = FirstOnly { done.resume(returning: $0) }
      let timer = Loop.shared.after(deadline - LoopClock.nowMs()) { first(true) }
      terminal.whenWritable {
        timer.cancel()
        first(false)
      }
    }
  }

  private func input(_ params: Params, _ terminal: Terminal) throws(WireError) -> [UInt8] {
    let mostInput = 1 << 20
    if let text = try params.text("text", atMost: mostInput) { return Array(text.utf8) }
    if let keys = try params.texts("keys", atMost: 10_000) {
      let application = terminal.read { $0.model.modes[1] ?? false }
      return keys.flatMap { Keys.bytes(for: $0, applicationCursor: application) }
    }
    for field in ["bytes", "base64"] {
      guard let value = params[field] else { continue }
      guard let text = value.string, let bytes = Base64.decode(text), bytes.count <= mostInput else {
        throw Params.invalid(field, expected: "base64 of at most \(mostInput) bytes", got: value)
      }
      return bytes
    }
    throw Params.invalid("text", expected: "text, keys or bytes", got: nil)
  }

  func resizeTerminal(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    guard let size = try params.size() else {
      throw Params.invalid("cols", expected: "columns and rows", got: nil)
    }
    let terminal = try await terminal(of: agent, in: session)
    let resized = Command.agent(
      session.id, agent.id, .absorb(.resized(columns: size.columns, rows: size.rows)))
    // Recorded first, as this client's command: what the terminal then reports of it is nothing new.
    let answer = try await submit(resized, origin)
    terminal.resize(columns: size.columns, rows: size.rows)
    return answer
  }

  func screen(_ params: Params) async throws(WireError) -> JSON {
    let (session, agent) = try await agent(params)
    let format = try params.text("format", atMost: 16) ?? "text"
    let history = try params.number("history", in: 0...100_000) ?? 0
    let terminal = try await terminal(of: agent, in: session)
    switch format {
    case "text":
      let rows = terminal.read { $0.model.textRows(history: history) }
      return ["text": .array(rows.map { .string($0) })]
    case "ansi":
      return terminal.read { screen in
        [
          "ansi": .string(String(decoding: screen.model.repaint(history: history), as: UTF8.self)),
          "cols": .int(screen.model.columns), "rows": .int(screen.model.rows),
          "offset": .int(Int(screen.offset)),
        ]
      }
    case "cells": return terminal.read { ScreenForm.json($0, history: history) }
    default:
      throw Params.invalid("format", expected: "\"text\", \"ansi\" or \"cells\"", got: .string(format))
    }
  }
}

/// Passes the first call on and drops the others.
@LoopActor
final class FirstOnly {
  private var body: (@LoopActor (Bool) -> Void)?

  init(_ body: @escaping @LoopActor (Bool) -> Void) { self.body = body }

  func callAsFunction(_ value: Bool) {
    let body = self.body
    self.body = nil
    body?(value)
  }
}
