internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// What the daemon asks for, and what it is told.
extension Supervisor {
  /// Requests in a row, before the signals and the other descriptors have their turn.
  private static let requestsAtOnce = 32

  func answerDaemon(_ event: Poll.Event) {
    guard case .running(let daemon) = phase else { return }
    if event.isReadable {
      var read = 0
      while read < Self.requestsAtOnce, daemon.takesRequests, readRequest(of: daemon, isAlive: true) {
        read += 1
      }
    }
    flush(daemon)
  }

  /// Sends what the daemon takes, and waits for the rest as needed.
  func flush(_ daemon: DaemonProcess) {
    daemon.flush(nowMs: Clock.monotonicMs())
    poll.setWanted(
      readable: daemon.takesRequests, writable: daemon.hasUnsent && daemon.retryAtMs == nil,
      of: daemon.socket,
      as: .daemon)
  }

  /// Reads one request and answers it; false where there is none.
  func readRequest(of daemon: DaemonProcess, isAlive: Bool) -> Bool {
    let (outcome, passed) = DescriptorPassing.receive(into: incoming, from: daemon.socket)
    switch outcome {
    case .moved(let count):
      do {
        let packet = [UInt8](UnsafeRawBufferPointer(rebasing: incoming[..<count]))
        if let request = try SupervisorRequest.read(packet) {
          answer(request, passed, from: daemon, isAlive: isAlive)
        }
      } catch {
        Console.say(.warn, "requests", "the daemon said something unreadable: \(error)")
      }
      return true
    case .wouldBlock:
      return false
    case .ended, .failed:
      // Either it is ending, or it has lost us: a daemon without a supervisor has no use.
      if isAlive {
        poll.remove(daemon.socket)
        daemon.killAtMs = min(daemon.killAtMs ?? Int.max, Clock.monotonicMs() + Patience.daemonMs)
      }
      return false
    }
  }

  private func answer(
    _ request: SupervisorRequest, _ passed: [Descriptor], from daemon: DaemonProcess, isAlive: Bool
  ) {
    switch request {
    case .hello:
      if isAlive && !daemon.hasTakenOver { handOver(to: daemon) }
    case .ready:
      hasServed = true
      ready = nil
      ProcessLog.shared.info("daemon", "the daemon serves", ["daemon_pid": daemon.pid])
    case .spawn(let order):
      // Of a daemon that has died meanwhile: its successor does not know whether it asked, and need not.
      guard isAlive && daemon.hasTakenOver else { return }
      let (notice, descriptors) = nursery.bear(order)
      daemon.say(notice, passing: descriptors)
      hasServed = true
      log(notice)
    case .signal(let id, let number):
      nursery.child(id)?.signal(number)
    case .closeInput(let id):
      nursery.child(id)?.closeInput()
    case .forget(let id):
      let killAt = Clock.monotonicMs() + Patience.forgottenMs
      for outlet in nursery.forget(id, killAtMs: killAt)?.outlets ?? [] { drainage.stop(outlet) }
    case .keep(let name):
      guard let descriptor = passed.first else { return }
      kept.removeAll { $0.name == name }
      if kept.count < SupervisorProtocol.mostKept { kept.append((name, descriptor)) }
    case .drop(let name):
      kept.removeAll { $0.name == name }
    case .bye(let farewell):
      daemon.farewell = farewell
    }
  }

  private func log(_ notice: SupervisorNotice) {
    switch notice {
    case .spawned(let id, let pid):
      ProcessLog.shared.debug("children", "a child was born", ["run_id": id, "child_pid": pid])
    case .spawnFailed(let id, let stage, let code):
      ProcessLog.shared.warn(
        "children", "a child could not be born",
        ["run_id": id, "stage": "\(stage)", "reason": SystemError.words(for: code)])
    case .hello, .kept, .child, .handedOver, .exited: break
    }
  }

  /// Tells a daemon that has just started all that an earlier one left. It reads the children from now on.
  private func handOver(to daemon: DaemonProcess) {
    drainage.stop()
    daemon.hasTakenOver = true
    daemon.say(
      .hello(version: SupervisorProtocol.version, pid: getpid(), startedAtMs: lock.startedAtMs))
    for (name, descriptor) in kept { daemon.say(.kept(name: name), passing: [descriptor]) }
    for child in nursery.children {
      let (notice, descriptors) = child.handOver
      daemon.say(notice, passing: descriptors)
    }
    daemon.say(.handedOver)
    ProcessLog.shared.info(
      "daemon", "a daemon took over", ["daemon_pid": daemon.pid, "children": nursery.children.count])
  }
}
