internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSystem

/// Ending a server so that nothing of it stays: MCP servers are in its process group, but each command that an agent runs
/// has a group of its own and would live on, whatever signal ends the server.
enum OpenCodeReaper {
  /// Dispose, SIGTERM, SIGKILL. `quiet` is called when nothing runs any more, `done` when nothing is left.
  @LoopActor
  static func stop(
    pid: Int, connection: OpenCodeConnection?, politeMs: Int, terminate: @escaping @LoopActor () -> Void,
    quiet: @escaping @LoopActor () -> Void, done: @escaping @LoopActor () -> Void
  ) {
    let ticks = Processes.startTicks(of: pid) ?? 0
    let end: @LoopActor () -> Void = {
      quiet()
      Threads.start("opencode-stop") {
        let left = ProcessTree.descendants(of: pid)
        Loop.shared.post {
          terminate()
          wait(for: pid, ticks, untilMs: LoopClock.nowMs() + politeMs) {
            kill(pid: pid, startTicks: ticks)
            ProcessTree.killGroups(of: left)
            done()
          }
        }
      }
    }
    guard let connection else { return end() }
    // It answers before it has done it; what it does is aborting turns and ending their commands.
    connection.send(OpenCodeCall.dispose) { _ in Loop.shared.after(disposeMs, end) }
  }

  /// Measured: up to 0.15 s after its answer.
  private static let disposeMs = 250

  private static func kill(pid: Int, startTicks: Int) {
    guard Processes.startTicks(of: pid) == startTicks else { return }
    Processes.signalGroup(pid, Int(SignalNumber.kill))
  }

  /// Ends a server that lost its supervisor, and what it started.
  @LoopActor
  static func reap(
    pid: Int, startTicks: Int, with left: [ProcessEntry], politeMs: Int, done: @escaping @LoopActor () -> Void
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
