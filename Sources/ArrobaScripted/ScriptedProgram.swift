internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// `arroba-scripted`: called as OpenCode is, `serve --hostname 127.0.0.1 --port N`.
package enum ScriptedProgram {
  private static let help = """
    usage: arroba-scripted serve [--hostname 127.0.0.1] [--port N]

    Speaks as OpenCode \(ScriptedServer.version) does, with an agent that does what its prompts say: a prompt
    [[help]] lists how. `arroba run --provider scripted` starts it by itself.

    OPENCODE_SERVER_PASSWORD, OPENCODE_SERVER_USERNAME   who may call it
    ARROBA_SCRIPTED_DATA     the directory of its sessions; without it nothing is kept
    ARROBA_SCRIPTED_FAULT    slow MS, never, exit STATUS, version V, html [V], generation or deaf
    """

  /// Returns only with the exit code of what could not begin.
  package static func main(_ arguments: [String], environment: [String: String]) -> Int32 {
    switch arguments.first {
    case "serve": return serve(Array(arguments.dropFirst()), environment)
    case "--help", "-h":
      Console.out(help)
      return 0
    case "--version":
      Console.out(ScriptedServer.version)
      return 0
    default:
      Console.error(help)
      return 2
    }
  }

  private static func serve(_ arguments: [String], _ environment: [String: String]) -> Int32 {
    guard let fault = StartFault(environment["ARROBA_SCRIPTED_FAULT"] ?? "") else {
      Console.error("arroba-scripted: ARROBA_SCRIPTED_FAULT is not understood; see arroba-scripted --help")
      return 2
    }
    var port = 0
    for (index, word) in arguments.enumerated() where word == "--port" && index + 1 < arguments.count {
      port = Int(arguments[index + 1]) ?? 0
    }
    if case .exit(let code) = fault {
      Console.error("arroba-scripted: told to fail")
      return code
    }
    StandardStreams.ignoreBrokenPipes()
    let wanted = port
    Loop.shared.post {
      switch fault {
      case .slow(let ms): Loop.shared.after(ms) { start(wanted, fault, environment) }
      case .never: break
      case .none, .exit, .version, .html, .generation, .deaf: start(wanted, fault, environment)
      }
    }
    Bell().wait()
    return 0
  }

  @LoopActor
  private static func start(_ port: Int, _ fault: StartFault, _ environment: [String: String]) {
    do throws(SystemError) {
      let told: String =
        switch fault {
        case .version(let version): version
        case .none, .slow, .never, .exit, .html, .generation, .deaf: ScriptedServer.version
        }
      let server = try ScriptedServer(data: environment["ARROBA_SCRIPTED_DATA"], version: told)
      let password = environment["OPENCODE_SERVER_PASSWORD"].flatMap { $0.isEmpty ? nil : $0 }
      let routes = Routes(
        server, user: environment["OPENCODE_SERVER_USERNAME"] ?? "opencode", password: password,
        fault: fault)
      if fault == .deaf { return say("opencode server listening on http://127.0.0.1:\(port)") }
      let listener = try Listener(port: port) { routes.take($0, from: $1) }
      Running.listener = listener
      if password == nil { say("Warning: OPENCODE_SERVER_PASSWORD is not set; server is unsecured.") }
      let line = fault == .generation ? "server listening on" : "opencode server listening on"
      say("\(line) http://127.0.0.1:\(listener.port)")
    } catch {
      Console.error("arroba-scripted: \(error)")
      ThisProcess.leave(1)
    }
  }

  private static func say(_ line: String) { Console.out(line) }
}

/// Keeps the server for as long as the process lives.
@LoopActor
private enum Running {
  static var listener: Listener?
}
