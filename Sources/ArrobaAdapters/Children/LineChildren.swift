internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem

/// The children of one provider that are talked to in lines, one for each run: born by the supervisor, adopted from an
/// earlier daemon, and seen off.
@LoopActor
final class LineChildren {
  /// A turn of some ten thousand lines; its pages exist as they are written, and go with the next turn.
  static let ringCapacity = 16 << 20
  /// Longer than any daemon takes to open the conversations in which something is under way.
  private static let unclaimedMs = 60_000
  /// A child that was told to go has done so by then, or is made to.
  private static let goingMs = 3_000

  private let host: any ChildHost
  private let ringCapacity: Int
  private var living: [String: LineChild] = [:]
  /// What an earlier daemon left and nobody has asked for yet.
  private var unclaimed: [(run: String, child: LineChild)] = []
  private var births = 0
  private var going: [String: LoopTimer] = [:]
  private var whenAllAreGone: (@LoopActor () -> Void)?

  init(host: any ChildHost, ringCapacity: Int = LineChildren.ringCapacity) {
    self.host = host
    self.ringCapacity = ringCapacity
    for born in host.takeHandedOver() {
      guard let child = LineChild(born) else {
        host.forget(born.id)
        continue
      }
      unclaimed.append((String(born.id.prefix { $0 != "." }), child))
    }
    host.onExit = { [weak self] id, status in self?.ended(id, status) }
    guard !unclaimed.isEmpty else { return }
    Loop.shared.after(Self.unclaimedMs) { [weak self] in self?.endUnclaimed() }
  }

  /// Starts the program of a run. The id of `birth` is chosen here, its kind too.
  func bear(
    _ birth: ChildBirth, for run: RunID,
    reply: @escaping @LoopActor (Result<LineChild, BirthFailure>) -> Void
  ) {
    births += 1
    var generator = SystemRandomNumberGenerator()
    var birth = birth
    // A run may have several in its life, and the supervisor remembers those that have ended.
    birth.id = "\(run.text).\(RandomText.letters(6, using: &generator))"
    birth.kind = .lines(ringCapacity: ringCapacity)
    host.spawn(birth) { [weak self] result in
      self?.births -= 1
      switch result {
      case .failure(let failure): reply(.failure(failure))
      case .success(let born):
        guard let child = LineChild(born) else {
          self?.host.forget(born.id)
          return reply(.failure(BirthFailure("cannot start \(birth.path): its pipes did not come over")))
        }
        self?.living[born.id] = child
        reply(.success(child))
      }
      self?.sayIfAllAreGone()
    }
  }

  /// The child that an earlier daemon left of a run, the one that still lives before one that has ended. Once.
  func adopt(_ run: RunID) -> LineChild? {
    let own = unclaimed.filter { $0.run == run.text }.map(\.child)
    unclaimed.removeAll { $0.run == run.text }
    let chosen = own.first { !$0.hasEnded } ?? own.last
    for child in own where child.id != chosen?.id { letGo(child) }
    if let chosen { living[chosen.id] = chosen }
    return chosen
  }

  /// Tells a child to go, by the end of its input; one that stays is hung up, and killed if it does not hear that.
  func letGo(_ child: LineChild) {
    guard going[child.id] == nil else { return }
    living[child.id] = child
    guard !child.hasEnded else { return forget(child.id) }
    child.closeInput()
    child.start(hear: { _ in }, onEnd: { _ in })
    going[child.id] = Loop.shared.after(Self.goingMs) { [weak self] in self?.forget(child.id) }
  }

  func signal(_ child: LineChild, _ number: Int) { host.signal(child.id, number) }

  /// The daemon stops: all are to go. `done` once they have.
  func endAll(done: @escaping @LoopActor () -> Void) {
    whenAllAreGone = done
    endUnclaimed()
    for child in living.values {
      letGo(child)
      host.signal(child.id, Int(SignalNumber.terminate))
    }
    sayIfAllAreGone()
  }

  private func endUnclaimed() {
    for (_, child) in unclaimed { letGo(child) }
    unclaimed = []
  }

  private func ended(_ id: String, _ status: ExitStatus) {
    let child = living[id] ?? unclaimed.first { $0.child.id == id }?.child
    child?.ended(status)
    if going[id] != nil { forget(id) }
  }

  /// Its ring is not needed any more, and nothing of it is.
  func forget(_ id: String) {
    going.removeValue(forKey: id)?.cancel()
    living.removeValue(forKey: id)?.close()
    host.forget(id)
    sayIfAllAreGone()
  }

  private func sayIfAllAreGone() {
    guard living.isEmpty, births == 0, let done = whenAllAreGone else { return }
    whenAllAreGone = nil
    done()
  }
}
