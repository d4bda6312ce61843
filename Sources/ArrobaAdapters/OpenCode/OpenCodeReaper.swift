internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSystem

/// Ending a server so that nothing of it stays: MCP servers are in its process group, but each command that an agent runs
/// has a group of its own and would live on, whatever signal ends the server.
enum OpenCodeReaper {
  /// How long it may take to abort what runs, and to end after SIGTERM.
  private static let politeMs = 2000
  /// From the first request to the last signal, and some more.
  static let mostMs = 10_000

  /// Dispose, SIGTERM, SIGKILL. Its exit tells that it is over; `gone` is called when nothing runs any more.
  @LoopActor
  static func stop(
    pid: Int, connection: OpenCodeConnection?, terminate: @escaping @LoopActor () -> Void,
    gone: @escaping @LoopActor () -> Void
  ) {
    let ticks = Processes.startTicks(of: pid)
    let end: @LoopActor () -> Void = {
      Threads.start("opencode-stop") {
        let left = ProcessTree.descendants(of: pid)
        Loop.shared.post {
          terminate()
          Loop.shared.after(politeMs) {
            Threads.start("opencode-kill") {
              ProcessTree.killGroups(of: left)
              if let ticks { kill(pid: pid, startTicks: ticks) }
            }
          }
        }
      }
    }
    guard let connection else { return end() }
    // It answers before it has done it; what it does is aborting turns and ending their commands.
    connection.send(OpenCodeCall.dispose) { _ in
      Loop.shared.after(250) {
        gone()
        end()
      }
    }
  }

  private static func kill(pid: Int, startTicks: Int) {
    guard Processes.startTicks(of: pid) == startTicks else { return }
    Processes.signalGroup(pid, Int(SignalNumber.kill))
  }

  /// Ends a server that lost its supervisor, and what it started.
  @LoopActor
  static func reap(
    pid: Int, startTicks: Int, with left: [ProcessEntry], done: @escaping @LoopActor () -> Void
  ) {
    Processes.signalGroup(pid, Int(SignalNumber.terminate))
    let deadline = LoopClock.nowMs() + politeMs
    wait(for: pid, startTicks, untilMs: deadline) {
      kill(pid: pid, startTicks: startTicks)
      ProcessTree.killGroups(of: left)
      done()
    }
  }

  /// No descriptor tells the end of a process that is not our child.
  @LoopActor
  private static func wait(
    for pid: Int, _ startTicks: Int, untilMs deadline: Int, _ done: @escaping @LoopActor () -> Void
  ) {
    guard Processes.startTicks(of: pid) == startTicks, LoopClock.nowMs() < deadline else { return done() }
    Loop.shared.after(20) { wait(for: pid, startTicks, untilMs: deadline, done) }
  }

  /// Kills the groups of those descendants that were called with one of these commands.
  static func killCommands(_ commands: [String], under pid: Int) {
    let server = ProcessTree.entry(pid)
    let running = ProcessTree.descendants(of: pid).filter { entry in
      entry.group != server?.group && ProcessTree.arguments(of: entry.pid).contains { commands.contains($0) }
    }
    ProcessTree.killGroups(of: running)
  }
}
