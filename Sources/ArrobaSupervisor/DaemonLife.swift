internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// The daemon's coming and going: when it starts, what its end means.
extension Supervisor {
  func startDaemon() {
    let now = Clock.monotonicMs()
    do {
      // Only the first one answers to whoever started us.
      let daemon = try DaemonProcess.start(options, lock: lock.descriptor, ready: ready, nowMs: now)
      poll.add(daemon.socket, as: .daemon)
      phase = .running(daemon)
      ProcessLog.shared.info("daemon", "a daemon was started", ["daemon_pid": daemon.pid])
    } catch {
      failed(livedMs: 0, wasKilled: false, because: "\(error)")
    }
  }

  /// Reads what the daemon said last, and acts on its end.
  func daemonEnded(_ daemon: DaemonProcess, _ end: ChildEnd) {
    while readRequest(of: daemon, isAlive: false) {}
    poll.remove(daemon.socket)
    daemon.socket.close()
    // What it read last is in the rings already; from here on we read.
    drainage.start(nursery.outlets)
    let livedMs = Clock.monotonicMs() - daemon.startedMs
    ProcessLog.shared.info(
      "daemon", "the daemon ended \(end.words)",
      ["daemon_pid": daemon.pid, "lived_ms": livedMs, "farewell": daemon.farewell.map { "\($0.kind)" }])
    guard endBeganMs == nil else { return endChildren() }
    switch daemon.farewell {
    case nil:
      let wasKilled = daemon.hasTakenOver && end == .signal(SIGKILL)
      failed(livedMs: livedMs, wasKilled: wasKilled, because: "the daemon ended \(end.words)", end: end)
    case .some(let farewell):
      switch farewell.kind {
      case .stop: endChildren()
      case .restart: startDaemon()
      case .refuse: refused(farewell.reason)
      }
    }
  }

  private func failed(livedMs: Int, wasKilled: Bool, because reason: String, end: ChildEnd? = nil) {
    guard hasServed else {
      var status = Status.failed
      if case .code(let code) = end, code != 0 { status = code }
      return failStart("\(reason) before it was ready", status: status)
    }
    let now = Clock.monotonicMs()
    switch rule.afterDeath(livedMs: livedMs, wasKilled: wasKilled, nowMs: now) {
    case .startAfter(let ms):
      Console.say(.warn, "daemon", "\(reason); starting it again in \(ms) ms")
      phase = .pausing(untilMs: now + ms)
    case .giveUp:
      let seconds = RestartRule.withinMs / 1000
      let times = wasKilled ? RestartRule.mostKills : RestartRule.mostDeaths
      giveUp("\(reason), and \(times) times within \(seconds) s")
    }
  }

  private func refused(_ reason: String) {
    guard nursery.hasLiving else { return failStart(reason, status: Status.configuration) }
    giveUp(reason)
  }

  private func giveUp(_ reason: String) {
    lock.note(.gaveUp(reason: reason))
    // Who connects to a socket that nobody will ever answer at would wait for ever.
    kept = []
    Console.say(
      .error, "daemon",
      "\(reason). No daemon runs now; its agents do. arroba daemon start (or kill -USR1 \(getpid())) starts one again",
      ["children": nursery.children.count])
    phase = .stalled
  }

  /// Ends us with nothing left behind, and says why to whoever waits for the start.
  private func failStart(_ reason: String, status: Int32) {
    Console.say(.error, "daemon", reason, ["status": status])
    if let ready {
      let line = "error: \(reason.map { $0.isNewline ? " " : String($0) }.joined())\n"
      try? ready.writeAll(Array(line.utf8))  // its reader may have gone; stderr has it too
    }
    phase = .finished(code: status)
  }
}
