internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// All children: gives birth to them, remembers how each one ended, and sees those off that nobody needs any more.
///
/// Not a subreaper: what a child's own children leave running on purpose (nohup, a server that went to the
/// background) belongs to init, as in any terminal, and its exit status to nobody.
final class Nursery {
  private let birth: Birth
  /// In the order of their births, in which they are handed over.
  private(set) var children: [Child] = []
  /// Children that were told to go, by pid, with the time at which they are killed.
  private var leaving: [Int32: Int] = [:]
  private var nextSerial: UInt32 = 0

  init(birth: Birth) { self.birth = birth }

  var hasLiving: Bool { !leaving.isEmpty || children.contains { $0.end == nil } }
  var outlets: [Outlet] { children.flatMap(\.outlets) }
  func child(_ id: String) -> Child? { children.first { $0.id == id } }

  private func outlet(_ descriptor: Descriptor, keeping: Outlet.Keeping) -> Outlet {
    nextSerial &+= 1
    return Outlet(serial: nextSerial, descriptor: descriptor, keeping: keeping)
  }

  /// Gives birth, and says what the daemon is told about it, with the descriptors that go with that.
  func bear(_ order: ChildBirth) -> (notice: SupervisorNotice, descriptors: [Descriptor]) {
    guard child(order.id) == nil else {
      return (.spawnFailed(id: order.id, stage: .fork, code: EEXIST), [])
    }
    switch birth.follow(order) {
    case .failed(let stage, let code):
      return (.spawnFailed(id: order.id, stage: stage, code: code), [])
    case .terminal(let pid, let primary, let ring):
      let outlet = outlet(primary, keeping: .newest(ring: ring))
      children.append(Child(id: order.id, pid: pid, channels: .terminal(outlet, ring: ring)))
      return (.spawned(id: order.id, pid: pid), [primary, ring])
    case .pipes(let pid, let input, let output, let error, let ring):
      let channels = Child.Channels.pipes(
        input: input, output: outlet(output, keeping: .everything(ring: ring)),
        error: outlet(error, keeping: .everything(ring: nil)))
      children.append(Child(id: order.id, pid: pid, channels: channels))
      return (.spawned(id: order.id, pid: pid), [input, output, error] + (ring.map { [$0] } ?? []))
    }
  }

  /// Notes an end; the child that it was, unless nobody waits for it any more.
  func hasEnded(_ pid: Int32, _ end: ChildEnd) -> Child? {
    leaving[pid] = nil
    guard let child = children.first(where: { $0.pid == pid && $0.end == nil }) else { return nil }
    child.hasEnded(end)
    return child
  }

  /// Takes a child out. One that still lives is hung up, and killed if it has not gone by then.
  func forget(_ id: String, killAtMs: Int) -> Child? {
    guard let index = children.firstIndex(where: { $0.id == id }) else { return nil }
    let child = children.remove(at: index)
    guard child.end == nil else { return child }
    child.hangUp()
    leaving[child.pid] = killAtMs
    return child
  }

  /// Takes all children out. Their terminals close, which tells the programs in them that we did not start.
  func forgetAll(killAtMs: Int) {
    for (pid, time) in leaving { leaving[pid] = min(time, killAtMs) }
    for child in children where child.end == nil {
      child.hangUp()
      leaving[child.pid] = killAtMs
    }
    children = []
  }

  /// When the next child is to be killed.
  var nextKillMs: Int? { leaving.values.min() }

  func killOverdue(nowMs: Int, againAtMs: Int) {
    for (pid, time) in leaving where time <= nowMs {
      kill(-pid, SIGKILL)
      // Killed, yet not reaped: the kernel holds it (a dead file system), and asking again does no harm.
      leaving[pid] = againAtMs
    }
  }
}
