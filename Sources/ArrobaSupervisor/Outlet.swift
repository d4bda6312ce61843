internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// Where a child's output comes out: a terminal's own end, or the end of a pipe, with the ring that it is drained into.
final class Outlet {
  enum Keeping {
    /// A terminal's ring: the daemon's own, in which the newest output replaces the oldest.
    case newest(ring: Descriptor)
    /// A pipe's: there from the child's birth, or made when it is first needed; full when it holds what nobody has taken
    /// yet.
    case everything(ring: Descriptor?)
  }

  enum Progress {
    case waiting
    /// The output is at its end.
    case ended
    /// The ring holds all it can; what follows stays in the pipe, and then the child waits.
    case full
  }

  /// Holds what an agent says within a few seconds; more waits with the agent.
  private static let pipeRingCapacity = 256 << 10
  /// Reads in a row, before the others have their turn.
  private static let readsAtOnce = 4

  let serial: UInt32
  let descriptor: Descriptor
  /// The memory of the ring, where there is one.
  private(set) var ring: Descriptor?
  private let keepsEverything: Bool
  private(set) var isAtEnd = false

  init(serial: UInt32, descriptor: Descriptor, keeping: Keeping) {
    self.serial = serial
    self.descriptor = descriptor
    switch keeping {
    case .newest(let ring):
      self.ring = ring
      keepsEverything = false
    case .everything(let ring):
      self.ring = ring
      keepsEverything = true
    }
  }

  /// To be called before the first `drain` after a daemon's death: it may have been killed while it read.
  func recover() {
    guard ring != nil, let ring = try? mapped() else { return }  // `drain` says what fails
    _ = ring.recoverCutFill()
  }

  /// Reads what there is, for one turn. The ring is mapped only meanwhile: its pages would count as ours.
  func drain() throws(SystemError) -> Progress {
    let ring = try mapped()
    for _ in 0..<Self.readsAtOnce {
      guard !keepsEverything || ring.hasRoomBesideUntaken else { return .full }
      var outcome = Transfer.wouldBlock
      _ = ring.fill { room in
        outcome = descriptor.read(into: room)
        guard case .moved(let count) = outcome else { return -1 }
        return count
      }
      switch outcome {
      case .moved: continue
      case .wouldBlock: return .waiting
      case .ended:
        isAtEnd = true
        return .ended
      case .failed(let code): throw SystemError("read", "a child's output", code: code)
      }
    }
    return .waiting
  }

  private func mapped() throws(SystemError) -> OutputRing {
    guard let ring else {
      let needed = OutputRing.memoryNeeded(capacity: Self.pipeRingCapacity)
      let memory = try SharedMemory(name: "arroba-pipe", count: needed)
      ring = memory.descriptor
      return OutputRing(formatting: memory.base, capacity: Self.pipeRingCapacity, owner: memory)
    }
    let memory = try SharedMemory(mapping: ring)
    guard let mapped = OutputRing(mapping: memory.base, count: memory.count, owner: memory) else {
      throw SystemError("map", "a child's ring", code: EINVAL)
    }
    return mapped
  }
}
