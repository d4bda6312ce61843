internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// `arroba`: reads the words, does what they ask, answers with an exit code.
package struct CommandLineTool {
  private let environment: [String: String]
  private let isTerminal: Bool
  private let write: Output.Write
  private let seat: Seat

  package init(
    environment: [String: String], isTerminal: Bool, seat: Seat = .standard, write: @escaping Output.Write
  ) {
    self.environment = environment
    self.isTerminal = isTerminal
    self.seat = seat
    self.write = write
  }

  package static func main() -> Never {
    ThisProcess.leaveOnInterrupt()
    let tool = CommandLineTool(
      environment: Environment.all, isTerminal: Terminals.isTerminal(1), write: Output.toStandardStreams)
    ThisProcess.leave(tool.run(Array(CommandLine.arguments.dropFirst())))
  }

  package func run(_ arguments: [String]) -> Int32 {
    var globals = GlobalOptions()
    // So that also a line that is not understood is answered in the form that it asks for.
    globals.isJSON = arguments.prefix { $0 != "--" }.contains("--json")
    do {
      let words = try Words(arguments)
      globals = words.globals
      let invocation = try Invocation(words)
      let output = output(globals)
      let code = try answer(invocation, globals: globals, output: output)
      output.flush()
      return code
    } catch {
      let failure = Failure(error)
      output(globals).fail(failure)
      return failure.exitCode
    }
  }

  private func output(_ globals: GlobalOptions) -> Output {
    Output(globals: globals, environment: environment, isTerminal: isTerminal, write: write)
  }

  /// What needs no daemon is answered without looking for one.
  private func answer(_ invocation: Invocation, globals: GlobalOptions, output: Output) throws -> Int32 {
    switch invocation {
    case .help(let topic):
      output.line(try Help.text(on: topic))
      return ExitCode.done
    case .version:
      if output.isJSON {
        output.json(["version": .string(arrobaVersion), "protocol": .int(protocolVersion)])
      } else {
        output.line("arroba \(arrobaVersion) (protocol \(protocolVersion))")
      }
      return ExitCode.done
    case .completions(let shell):
      output.line(Completions.script(for: shell))
      return ExitCode.done
    case .daemon(.unit):
      let unit = DaemonUnit.text(
        environment, daemon: Programs.find("arroba-daemon", searchPath: environment["PATH"]),
        client: ThisProcess.executable)
      if output.isJSON {
        output.json(["path": .string(Diagnosis.unitPath(environment)), "unit": .string(unit + "\n")])
      } else {
        output.line(unit)
      }
      return ExitCode.done
    default:
      let context = try Context(
        globals: globals, environment: environment, output: output, seat: seat)
      ProcessLog.start(
        kind: "client", directory: context.places.logs,
        level: ProcessLog.level(named: environment["ARROBA_LOG_LEVEL"]))
      do { return try context.run(invocation) } catch {
        output.flush()
        throw error
      }
    }
  }
}

extension Context {
  func run(_ invocation: Invocation) throws -> Int32 {
    switch invocation {
    case .help, .version, .completions: ExitCode.done
    case .new(let birth, let then): try create(birth, then: then)
    case .list(let all, let agents): try list(all: all, agents: agents)
    case .show(let target): try show(target)
    case .rename(let target, let alias): try rename(target, alias: alias)
    case .end(let target, let force): try stop("session.end", target, force: force)
    case .remove(let target, let force): try stop("session.delete", target, force: force)
    case .attach(let target, let options): try attach(target, options)
    case .screen(let target, let ansi, let history): try screen(target, ansi: ansi, history: history)
    case .type(let target, let keys, let isLiteral): try type(target, keys: keys, isLiteral: isLiteral)
    case .resize(let target, let columns, let rows): try resize(target, columns: columns, rows: rows)
    case .cast(let casting): try cast(casting)
    case .spawn(let target, let birth, let count): try spawn(target, birth, count: count)
    case .agents(let target): try agents(target)
    case .focus(let target): try change("agent.focus", reference(target), "focused")
    case .cycle(let target): try change("agent.cycle", session(target), "focused")
    case .renameAgent(let target, let alias):
      try change("agent.rename", adding(["alias": Self.alias(alias)], to: reference(target)), "renamed")
    case .restart(let target, let force):
      try confirmed(force) {
        try change("agent.restart", adding(["force": force ? true : nil], to: reference(target)), "restarted")
      }
    case .removeAgent(let target, let force): try stopAgent(target, force: force)
    case .events(let target, let after, let follow): try events(target, after: after, follow: follow)
    case .wait(let target, let goal, let timeout, let status):
      try wait(target, for: goal, timeoutMs: timeout, takesStatus: status)
    case .talking(let verb): try talking(verb)
    case .relaying(let action): try relaying(action)
    case .health: try health()
    case .providers: try providers()
    case .doctor: doctor()
    case .daemon(let action): try daemon(action)
    case .logs(let filter, let follow): try logs(filter, follow: follow)
    case .bridge: try bridge()
    }
  }

  private func attach(_ target: Target, _ options: Attaching) throws -> Int32 {
    let verb = AttachVerb(context: self, options: options)
    try verb.check()
    return try verb.run(target)
  }
}
