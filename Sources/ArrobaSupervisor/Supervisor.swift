internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// Keeps the children alive over the daemon's death: one thread, one loop, no policy beyond when to start a daemon.
final class Supervisor {
  enum Phase {
    case running(DaemonProcess)
    /// A daemon failed; the next one starts then.
    case pausing(untilMs: Int)
    /// No daemon starts any more unless somebody asks; the children live on and are drained.
    case stalled
    /// All was told to end; at the latest then we leave.
    case ending(untilMs: Int)
    case finished(code: Int32)
  }

  /// Exit statuses as sysexits.h knows them.
  enum Status {
    static let failed: Int32 = 1
    static let configuration: Int32 = 78
  }

  /// The whole of an orderly end takes at most two seconds; each part has its share.
  enum Patience {
    static let daemonMs = 1200
    static let childrenMs = 1000
    static let allMs = 1600
    /// What the kernel takes to end processes that were killed.
    static let killedMs = 150
    static let forgottenMs = 2000
    static let againMs = 500
  }

  let options: Options
  let lock: LockFile
  /// The first daemon's caller waits there; nil once all was said.
  var ready: Descriptor?
  let poll: Poll
  let signals: Signals
  let nursery: Nursery
  let drainage: Drainage
  var rule: RestartRule
  var phase = Phase.stalled
  var kept: [(name: String, descriptor: Descriptor)] = []
  /// A daemon has served, so that the start as a whole did not fail.
  var hasServed = false
  /// When everything was asked to end.
  var endBeganMs: Int?
  let incoming = UnsafeMutableRawBufferPointer.allocate(
    byteCount: SupervisorProtocol.longestPacket, alignment: 16)

  init(_ options: Options, fileLimit: rlimit) throws(SystemError) {
    self.options = options
    lock = LockFile(descriptor: Descriptor(owning: options.lock))
    ready = options.ready.map { Descriptor(owning: $0) }
    signals = try Signals()
    poll = try Poll()
    nursery = Nursery(birth: Birth(fileLimit: fileLimit))
    drainage = Drainage(poll: poll)
    rule = RestartRule(firstDelayMs: options.firstDelayMs)
  }

  deinit { incoming.deallocate() }

  /// Runs until all is over; returns the status to exit with.
  func run() -> Int32 {
    poll.add(signals.descriptor, as: .signals)
    lock.note(.running)
    ProcessLog.shared.info(
      "supervisor", "started", ["state": options.state, "protocol": Int(SupervisorProtocol.version)])
    startDaemon()
    while true {
      actOnTimes(nowMs: Clock.monotonicMs())
      if case .finished(let code) = phase {
        lock.clear()
        ProcessLog.shared.info("supervisor", "ended", ["status": code])
        return code
      }
      let events = poll.wait(timeoutMs: nextTimeMs().map { max(0, $0 - Clock.monotonicMs()) })
      // Ends before requests: what a dead daemon has left is then read as such.
      for event in events where event.source == .signals { answerSignals() }
      for event in events {
        switch event.source {
        case .signals: break
        case .daemon: answerDaemon(event)
        case .outlet(let serial): drainage.drain(serial)
        }
      }
    }
  }

  // MARK: times

  private func nextTimeMs() -> Int? {
    var times = [nursery.nextKillMs]
    switch phase {
    case .running(let daemon): times += [daemon.killAtMs, daemon.retryAtMs]
    case .pausing(let until), .ending(let until): times.append(until)
    case .stalled, .finished: break
    }
    return times.compactMap { $0 }.min()
  }

  private func actOnTimes(nowMs: Int) {
    nursery.killOverdue(nowMs: nowMs, againAtMs: nowMs + Patience.againMs)
    switch phase {
    case .running(let daemon):
      if let time = daemon.killAtMs, time <= nowMs {
        kill(daemon.pid, SIGKILL)
        daemon.killAtMs = nowMs + Patience.againMs
      }
      if let time = daemon.retryAtMs, time <= nowMs { flush(daemon) }
    case .pausing(let until):
      if until <= nowMs { startDaemon() }
    case .ending(let until):
      if until <= nowMs || !nursery.hasLiving { phase = .finished(code: 0) }
    case .stalled, .finished: break
    }
  }

  // MARK: signals

  private func answerSignals() {
    while let arrival = signals.next() {
      switch arrival {
      case .childEnded: reap()
      case .end: endAll()
      case .tryAgain: tryAgain()
      }
    }
  }

  private func reap() {
    var status: Int32 = 0
    while true {
      let pid = waitpid(-1, &status, WNOHANG)
      guard pid > 0 else { return }
      let end = ChildEnd(status: status)
      if case .running(let daemon) = phase, daemon.pid == pid {
        daemonEnded(daemon, end)
      } else if let child = nursery.hasEnded(pid, end) {
        ProcessLog.shared.debug(
          "children", "a child ended \(end.words)", ["run_id": child.id, "child_pid": pid])
        guard case .running(let daemon) = phase, daemon.hasTakenOver else { continue }
        daemon.say(.exited(id: child.id, end: end))
        flush(daemon)
      }
    }
  }

  private func endAll() {
    let now = Clock.monotonicMs()
    guard endBeganMs == nil else { return }
    endBeganMs = now
    ProcessLog.shared.info("supervisor", "asked to end", ["children": nursery.children.count])
    switch phase {
    case .running(let daemon):
      kill(daemon.pid, SIGTERM)
      daemon.killAtMs = now + Patience.daemonMs
    case .pausing, .stalled: endChildren()
    case .ending, .finished: break
    }
  }

  /// Hangs all children up and waits for them; when they have gone, so do we.
  func endChildren() {
    let now = Clock.monotonicMs()
    let killAt = min(now + Patience.childrenMs, endBeganMs.map { $0 + Patience.allMs } ?? Int.max)
    drainage.stop()
    nursery.forgetAll(killAtMs: killAt)
    phase = .ending(untilMs: killAt + Patience.killedMs)
  }

  private func tryAgain() {
    switch phase {
    case .pausing, .stalled:
      ProcessLog.shared.info("supervisor", "asked to start a daemon again")
      rule.startAfresh()
      lock.note(.running)
      startDaemon()
    case .running, .ending, .finished: break
    }
  }
}
