internal import ArrobaAdapters
internal import ArrobaDaemon
internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// `arroba-daemon`: started by a person it becomes the supervisor; started by the supervisor it is the daemon.
@main
enum ArrobaDaemonProgram {
  static let supervisorVariable = "ARROBA_SUPERVISOR_FD"

  static func main() {
    let environment = Environment.all
    let arguments = Array(CommandLine.arguments.dropFirst())
    let places = Places(environment: environment)
    guard let number = environment[supervisorVariable].flatMap({ Int32($0) }) else {
      ThisProcess.leave(launch(places, arguments))
    }
    serve(places, Descriptor(owning: number), environment)
  }

  private static func launch(_ places: Places, _ arguments: [String]) -> Int32 {
    switch arguments.first {
    case nil: return Launcher.becomeSupervisor(places: places, arguments: arguments)
    case "--version":
      Console.out("arroba-daemon \(arrobaVersion)")
      return 0
    case "--check":
      Console.out(SelfCheck.report(places, found(Environment.all)).encodedText)
      return 0
    case "--help", "-h":
      Console.out(help)
      return 0
    case let other?:
      Console.error("arroba-daemon: unknown argument '\(other)'; see arroba-daemon --help")
      return 2
    }
  }

  /// What there is of each provider that may be missing.
  private static func found(_ environment: [String: String]) -> [(name: String, ProviderAvailability)] {
    [
      ("opencode", OpenCodeProvider.check(in: environment)),
      ("claude-code", ClaudeProvider.check(in: environment)),
    ]
  }

  private static let help = """
    usage: arroba-daemon [--check | --version]

    Serves the sessions of this user. `arroba` starts it on demand; started by hand or by
    systemd it stays in the foreground. SIGTERM ends it and what it runs, in order.
    --check tells, as JSON, what it would find here: configuration, event log, providers.

    Where it keeps things: ARROBA_SOCKET, ARROBA_STATE_DIR, ARROBA_LOG_DIR, ARROBA_LOG_LEVEL
    (docs/RUNNING.md).
    """

  private static func serve(_ places: Places, _ supervisor: Descriptor, _ environment: [String: String]) {
    let ready = ReadyNote(environment: environment)
    supervisor.setInherited(false)
    StandardStreams.ignoreBrokenPipes()
    ThisProcess.failAtFileLimit()
    ThisProcess.raiseDescriptorLimit()
    ProcessLog.start(
      kind: "daemon", directory: places.logs, level: ProcessLog.level(named: environment["ARROBA_LOG_LEVEL"]))
    let signals: Descriptor
    do {
      signals = try ThisProcess.signalDescriptor([
        SignalNumber.terminate, SignalNumber.interrupt, SignalNumber.hangUp,
      ])
    } catch {
      Console.error("arroba-daemon: \(error)")
      ThisProcess.leave(Launcher.cannotRun)
    }
    Loop.shared.task {
      await run(places, supervisor, ready, signals, environment)
    }
    Bell().wait()
  }

  @LoopActor
  private static func run(
    _ places: Places, _ descriptor: Descriptor, _ ready: ReadyNote, _ signals: Descriptor,
    _ environment: [String: String]
  ) async {
    do {
      let link = try SupervisorLink.takeOver(descriptor: descriptor, atMostMs: 5000)
      let providers = ProviderRegistry([
        OpenCodeProvider(environment: environment, state: places.state, host: link.share("opencode")),
        ClaudeProvider(environment: environment, host: link.share("claude-code")),
        RawTerminalProvider(environment: environment),
        ScriptedProvider(
          environment: environment, state: places.state, host: link.share("scripted"),
          programs: ThisProcess.executable.flatMap { Files.parent(of: $0) }),
      ])
      let daemon = Daemon(places: places, supervisor: link, providers: providers, signals: signals)
      do {
        try await daemon.start()
        Running.daemon = daemon
        ready.ready()
      } catch {
        fail("\(error)", ready, link)
      }
    } catch {
      Console.error("arroba-daemon: no supervisor answers: \(error)")
      ThisProcess.leave(Launcher.cannotRun)
    }
  }

  /// Starting again would fail in the same way: said to the supervisor, to the starter, and in the process log.
  @LoopActor
  private static func fail(_ message: String, _ ready: ReadyNote, _ link: SupervisorLink) -> Never {
    ProcessLog.shared.error("daemon", "cannot start", ["reason": message])
    Console.error("arroba-daemon: \(message)")
    ready.failed(message)
    link.bye(.refuse(message))
    ThisProcess.leave(Launcher.configurationError)
  }
}

/// Keeps the daemon for as long as the process lives.
@LoopActor
private enum Running {
  static var daemon: Daemon?
}

extension SupervisorLink: Supervising {}
