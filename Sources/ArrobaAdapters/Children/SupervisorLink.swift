package import ArrobaLoop
package import ArrobaProvider
package import ArrobaSupervision
package import ArrobaSystem

/// The daemon's side of its supervisor: children are born there, and outlive this daemon there.
@LoopActor
package final class SupervisorLink: ChildHost {
  private typealias Reply = @LoopActor (Result<BornChild, BirthFailure>) -> Void

  package let supervisorPid: Int
  /// When the supervisor was started, in milliseconds since 1970. It is the same after a restart of the daemon.
  package let supervisorStartedMs: Int
  /// The supervisor has gone, and the children with it. The daemon must end: another one may start any time now.
  package var onSupervisorGone: (@LoopActor () -> Void)?
  /// Ends that came before anybody listened wait here for them.
  package var onExit: (@LoopActor (_ id: String, _ status: ExitStatus) -> Void)? {
    didSet {
      guard let onExit else { return }
      let waiting = unheardExits
      unheardExits = []
      for (id, status) in waiting { onExit(id, status) }
    }
  }

  private let socket: SupervisorSocket
  private var handedOver: [BornChild]
  private var kept: [String: Descriptor]
  private var shares: [String: ChildShare] = [:]
  private var births: [String: (birth: ChildBirth, reply: Reply)] = [:]
  private var unheardExits: [(String, ExitStatus)] = []
  private var isGone = false

  private init(_ socket: SupervisorSocket, _ estate: Estate) {
    self.socket = socket
    supervisorPid = estate.pid
    supervisorStartedMs = estate.startedMs
    handedOver = estate.children
    kept = estate.kept
    for child in handedOver { wireInput(of: child) }
    socket.watch { [weak self] in self?.readNotices() }
  }

  /// Says hello and takes what an earlier daemon left. Waits for at most that long: it runs before the loop serves.
  package static func takeOver(descriptor: Descriptor, atMostMs: Int) throws(SystemError) -> SupervisorLink {
    let socket = SupervisorSocket(descriptor)
    let estate = try Estate.take(over: socket, untilMs: LoopClock.nowMs() + atMostMs)
    return SupervisorLink(socket, estate)
  }

  // What an earlier daemon left.

  package func takeHandedOver() -> [BornChild] {
    defer { handedOver = [] }
    return handedOver
  }

  /// The children of one provider alone. Asked for before anybody takes what was handed over.
  package func share(_ name: String) -> any ChildHost {
    let share = ChildShare(name, of: self, handedOver: handedOver)
    handedOver.removeAll { share.owns($0.id) }
    shares[name] = share
    return share
  }

  /// The descriptor that was kept under that name, once. The supervisor still has it.
  package func takeKept(_ name: String) -> Descriptor? { kept.removeValue(forKey: name) }

  // Requests.

  /// Tells that the daemon serves: from now on its end is a crash, and not a start that failed.
  package func ready() { send(.ready) }

  /// Leaves a duplicate with the supervisor, in place of an earlier one of that name.
  package func keep(_ name: String, _ descriptor: Descriptor) throws(SystemError) {
    send(.keep(name: name), passing: try descriptor.duplicate())
  }

  package func drop(_ name: String) { send(.drop(name: name)) }

  /// Says what is to happen after this daemon's end, which must follow.
  package func bye(_ farewell: Farewell) { send(.bye(farewell)) }

  package func spawn(
    _ birth: ChildBirth, reply: @escaping @LoopActor (Result<BornChild, BirthFailure>) -> Void
  ) {
    do throws(BirthFailure) {
      let request = try birth.request()
      guard request.packet.count <= SupervisorProtocol.longestPacket else {
        let limit = SupervisorProtocol.longestPacket >> 10
        throw BirthFailure(
          "cannot start \(birth.path): arguments and environment are longer than \(limit) KiB")
      }
      guard !isGone else { throw .noSupervisor }
      guard births[birth.id] == nil else {
        throw BirthFailure("cannot start \(birth.path): a child \(birth.id) is being started already")
      }
      births[birth.id] = (birth, reply)
      send(request)
    } catch {
      reply(.failure(error))
    }
  }

  package func signal(_ id: String, _ number: Int) {
    send(.signal(id: id, number: Int32(clamping: number)))
  }

  package func forget(_ id: String) {
    send(.forget(id: id))
  }

  /// The supervisor has a duplicate of a child's input: with our own end closed, it has to let that go as well.
  private func wireInput(of child: BornChild) {
    guard let lane = child.pipes as? ChildPipeLane else { return }
    lane.onCloseInput = { [weak self] in self?.send(.closeInput(id: child.id)) }
  }

  private func send(_ request: SupervisorRequest, passing descriptor: Descriptor? = nil) {
    guard !isGone else { return }
    if !socket.send(request, passing: descriptor) { supervisorHasGone() }
  }

  // Notices.

  private func readNotices() {
    while !isGone {
      switch socket.next() {
      case .notice(let notice, let passed): hear(notice, passed)
      case .unknown: continue
      case .none: return
      case .gone: supervisorHasGone()
      }
    }
  }

  private func hear(_ notice: SupervisorNotice, _ passed: [Descriptor]) {
    switch notice {
    case .spawned(let id, let pid): born(id, Int(pid), passed)
    case .spawnFailed(let id, let stage, let code):
      guard let (birth, reply) = births.removeValue(forKey: id) else { return }
      reply(.failure(BirthFailure(stage, code, of: birth)))
    case .exited(let id, let end): ended(id, ExitStatus(end))
    case .hello, .kept, .child, .handedOver: break  // said once, at the take-over
    }
  }

  private func ended(_ id: String, _ status: ExitStatus) {
    if let share = shares.values.first(where: { $0.owns(id) }) { return share.ended(id, status) }
    if let onExit { onExit(id, status) } else { unheardExits.append((id, status)) }
  }

  private func born(_ id: String, _ pid: Int, _ passed: [Descriptor]) {
    guard let (birth, reply) = births.removeValue(forKey: id) else { return send(.forget(id: id)) }
    switch birth.kind {
    case .terminal:
      guard let lane = PtyLane.taking(passed) else {
        send(.forget(id: id))
        return reply(.failure(BirthFailure("cannot start \(birth.path): its terminal did not come over")))
      }
      reply(.success(BornChild(id: id, pid: pid, terminal: lane, exit: nil)))
    case .pipes, .lines:
      let channels = HandedChannels.pipes(input: true, outputRing: passed.count > 3, errorRing: false)
      guard let pipes = ChildPipes.taking(passed, as: channels) else {
        send(.forget(id: id))
        return reply(.failure(BirthFailure("cannot start \(birth.path): its pipes did not come over")))
      }
      let child = BornChild(id: id, pid: pid, terminal: nil, pipes: ChildPipeLane(pipes), exit: nil)
      wireInput(of: child)
      reply(.success(child))
    }
  }

  private func supervisorHasGone() {
    guard !isGone else { return }
    isGone = true
    socket.close()
    let unanswered = births.values
    births = [:]
    for (_, reply) in unanswered { reply(.failure(.noSupervisor)) }
    onSupervisorGone?()
  }
}
