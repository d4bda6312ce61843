internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSupervision

/// One provider's children, apart from all others: born under the provider's name, handed over to it after a restart, and
/// their ends told to nobody else. So a provider may keep a server that no agent's run stands for.
@LoopActor
final class ChildShare: ChildHost {
  private let prefix: String
  private weak var link: SupervisorLink?
  private var handedOver: [BornChild]
  private var unheardExits: [(String, ExitStatus)] = []

  /// Ends that came before anybody listened wait here for them.
  var onExit: (@LoopActor (_ id: String, _ status: ExitStatus) -> Void)? {
    didSet {
      guard let onExit else { return }
      let waiting = unheardExits
      unheardExits = []
      for (id, status) in waiting { onExit(id, status) }
    }
  }

  init(_ name: String, of link: SupervisorLink, handedOver: [BornChild]) {
    // No run's id has a dot.
    prefix = "\(name)."
    self.link = link
    self.handedOver = []
    self.handedOver = handedOver.filter { owns($0.id) }.map { renamed($0) }
  }

  func owns(_ id: String) -> Bool { id.hasPrefix(prefix) }

  private func renamed(_ child: BornChild) -> BornChild {
    BornChild(
      id: String(child.id.dropFirst(prefix.count)), pid: child.pid, terminal: child.terminal,
      pipes: child.pipes, exit: child.exit)
  }

  func takeHandedOver() -> [BornChild] {
    defer { handedOver = [] }
    return handedOver
  }

  func spawn(_ birth: ChildBirth, reply: @escaping @LoopActor (Result<BornChild, BirthFailure>) -> Void) {
    var birth = birth
    birth.id = prefix + birth.id
    guard let link else { return reply(.failure(.noSupervisor)) }
    link.spawn(birth) { result in reply(result.map { self.renamed($0) }) }
  }

  func signal(_ id: String, _ number: Int) { link?.signal(prefix + id, number) }

  func forget(_ id: String) { link?.forget(prefix + id) }

  func ended(_ id: String, _ status: ExitStatus) {
    let id = String(id.dropFirst(prefix.count))
    if let onExit { onExit(id, status) } else { unheardExits.append((id, status)) }
  }
}
