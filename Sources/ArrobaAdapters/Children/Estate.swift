internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem

/// What the supervisor hands to a daemon that starts: what an earlier one left.
struct Estate {
  private(set) var pid = 0
  private(set) var startedMs = 0
  private(set) var children: [BornChild] = []
  private(set) var kept: [String: Descriptor] = [:]

  @LoopActor
  static func take(over socket: SupervisorSocket, untilMs: Int) throws(SystemError) -> Estate {
    var estate = Estate()
    _ = socket.send(.hello(version: SupervisorProtocol.version))
    while true {
      switch socket.waitForNext(untilMs: untilMs) {
      case nil: throw .timedOut("take over from", "the supervisor")
      case .gone: throw .cutOff("take over from", "the supervisor")
      case .unknown, .some(.none): continue
      case .notice(let notice, let passed):
        if estate.add(notice, passed) { return estate }
      }
    }
  }

  /// Whether that was all.
  @LoopActor
  private mutating func add(_ notice: SupervisorNotice, _ passed: [Descriptor]) -> Bool {
    switch notice {
    case .hello(_, let pid, let startedAtMs):
      self.pid = Int(pid)
      startedMs = Int(startedAtMs)
    case .kept(let name):
      kept[name] = passed.first
    case .child(let id, let pid, let channels, let end):
      let lane = channels == .terminal ? PtyLane.taking(passed) : nil
      let pipes = ChildPipes.taking(passed, as: channels).map { ChildPipeLane($0) }
      let exit = end.map { ExitStatus($0) }
      children.append(BornChild(id: id, pid: Int(pid), terminal: lane, pipes: pipes, exit: exit))
    case .handedOver:
      return true
    case .spawned, .spawnFailed, .exited:
      break  // answers to requests, of which there were none yet
    }
    return false
  }
}

extension PtyLane {
  /// A lane from the descriptors of a message; nil where they are not a terminal and its ring.
  static func taking(_ passed: [Descriptor]) -> PtyLane? {
    guard passed.count == 2, let ring = OutputRing.mapped(passed[1]) else { return nil }
    return PtyLane(primary: passed[0], ring: ring)
  }
}

extension ChildPipes {
  static func taking(_ passed: [Descriptor], as channels: HandedChannels) -> ChildPipes? {
    guard case .pipes(let hasInput, let hasOutputRing, let hasErrorRing) = channels else { return nil }
    let expected = 2 + [hasInput, hasOutputRing, hasErrorRing].count { $0 }
    guard passed.count == expected else { return nil }
    var rest = passed[...]
    let input = hasInput ? rest.popFirst() : nil
    guard let output = rest.popFirst(), let error = rest.popFirst() else { return nil }
    return ChildPipes(
      input: input, output: output, error: error,
      drainedOutput: hasOutputRing ? rest.popFirst().flatMap { OutputRing.mapped($0) } : nil,
      drainedError: hasErrorRing ? rest.popFirst().flatMap { OutputRing.mapped($0) } : nil)
  }
}

extension OutputRing {
  fileprivate static func mapped(_ memory: Descriptor) -> OutputRing? {
    guard let shared = try? SharedMemory(mapping: memory) else { return nil }  // as if not sent
    return OutputRing(mapping: shared.base, count: shared.count, owner: shared)
  }
}
