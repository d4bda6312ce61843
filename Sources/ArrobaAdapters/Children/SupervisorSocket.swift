internal import ArrobaLoop
internal import ArrobaSupervision
internal import ArrobaSystem

/// The daemon's end of the pair of sockets: whole messages with their descriptors, and a bounded queue for what the
/// supervisor does not take at once.
@LoopActor
final class SupervisorSocket {
  enum Arrival {
    case notice(SupervisorNotice, [Descriptor])
    /// A message that a newer supervisor says, or one that cannot be read: let pass.
    case unknown
    case none
    case gone
  }

  /// More than a daemon ever has to say at once: a supervisor that took none of it is stuck for good.
  private static let mostUnsent = 4096
  /// The longest notice is an id with some numbers.
  private static let noticeRoom = 8 << 10

  private let descriptor: Descriptor
  private var unsent: [(packet: [UInt8], descriptor: Descriptor?)] = []
  private var watch: Watch?
  private var room = [UInt8](repeating: 0, count: SupervisorSocket.noticeRoom)

  init(_ descriptor: Descriptor) {
    self.descriptor = descriptor
    descriptor.setBlocking(false)
    descriptor.setInherited(false)
  }

  /// Waits for the next message; for start-up only.
  func waitForNext(untilMs: Int) -> Arrival? {
    while true {
      let arrival = next()
      guard case .none = arrival else { return arrival }
      let left = untilMs - LoopClock.nowMs()
      guard left > 0, descriptor.waitReadable(atMostMs: left) else { return nil }
    }
  }

  func next() -> Arrival {
    let (outcome, passed) = room.withUnsafeMutableBytes {
      DescriptorPassing.receive(into: $0, from: descriptor)
    }
    switch outcome {
    case .moved(let count):
      guard let notice = try? SupervisorNotice.read(Array(room[..<count])) else { return .unknown }  // as it says
      return .notice(notice, passed)
    case .wouldBlock: return .none
    case .ended, .failed: return .gone
    }
  }

  /// Calls `body` whenever there may be a message.
  func watch(_ body: @escaping @LoopActor () -> Void) {
    watch = Loop.shared.watch(descriptor.raw, for: interest, urgency: .socket) { [weak self] readiness in
      if readiness.contains(.writable) { self?.flush() }
      body()
    }
  }

  private var interest: Watch.Readiness { unsent.isEmpty ? [.readable] : [.readable, .writable] }

  /// Sends now or as soon as there is room; false where there is none for good.
  func send(_ request: SupervisorRequest, passing passed: Descriptor? = nil) -> Bool {
    guard unsent.count < Self.mostUnsent else { return false }
    unsent.append((request.packet, passed))
    flush()
    return true
  }

  private func flush() {
    var sent = 0
    loop: while sent < unsent.count {
      let (packet, passed) = unsent[sent]
      let outcome = packet.withUnsafeBytes {
        DescriptorPassing.send($0, passing: passed.map { [$0.raw] } ?? [], over: descriptor)
      }
      switch outcome {
      case .wouldBlock: break loop
      // A supervisor that is gone is noticed by reading; what it was told does not matter then.
      case .moved, .ended, .failed: sent += 1
      }
    }
    unsent.removeFirst(sent)
    watch?.set(interest)
  }

  func close() {
    watch?.cancel()
    watch = nil
    unsent = []
    descriptor.close()
  }
}
