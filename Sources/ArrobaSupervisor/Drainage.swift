internal import ArrobaSystem

/// Reads the children's output while no daemon does, so that none of them waits and nothing is lost.
final class Drainage {
  private let poll: Poll
  private var open: [UInt32: Outlet] = [:]

  init(poll: Poll) { self.poll = poll }

  func start(_ outlets: [Outlet]) {
    for outlet in outlets where !outlet.isAtEnd {
      outlet.recover()
      if poll.add(outlet.descriptor, as: .outlet(outlet.serial)) { open[outlet.serial] = outlet }
    }
  }

  /// Lets go of all: from now on a daemon reads.
  func stop() {
    for outlet in open.values { poll.remove(outlet.descriptor) }
    open = [:]
  }

  func stop(_ outlet: Outlet) {
    if open.removeValue(forKey: outlet.serial) != nil { poll.remove(outlet.descriptor) }
  }

  /// Reads from the outlet that has become readable.
  func drain(_ serial: UInt32) {
    guard let outlet = open[serial] else { return }
    do {
      switch try outlet.drain() {
      case .waiting: break
      case .ended, .full: stop(outlet)
      }
    } catch {
      // Left in the terminal or the pipe: the child waits, and the next daemon reads on.
      Console.say(.warn, "drainage", "\(error); its output waits for the next daemon")
      stop(outlet)
    }
  }
}
