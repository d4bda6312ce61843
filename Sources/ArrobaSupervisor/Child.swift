internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// A child, living or ended, until the daemon forgets it.
final class Child {
  enum Channels {
    case terminal(Outlet, ring: Descriptor)
    case pipes(input: Descriptor?, output: Outlet, error: Outlet)
  }

  let id: String
  let pid: Int32
  private(set) var channels: Channels
  /// Set once it is reaped; its pid may be another's from then on.
  private(set) var end: ChildEnd?

  init(id: String, pid: Int32, channels: Channels) {
    self.id = id
    self.pid = pid
    self.channels = channels
  }

  var outlets: [Outlet] {
    switch channels {
    case .terminal(let outlet, _): [outlet]
    case .pipes(_, let output, let error): [output, error]
    }
  }

  func hasEnded(_ end: ChildEnd) { self.end = end }

  func closeInput() {
    if case .pipes(_, let output, let error) = channels {
      channels = .pipes(input: nil, output: output, error: error)
    }
  }

  /// Sends a signal to the child's group and, where that is another one, to its terminal's group in the foreground.
  func signal(_ number: Int32) {
    guard end == nil else { return }
    kill(-pid, number)
    if case .terminal(let outlet, _) = channels, let group = outlet.descriptor.foregroundGroup, group != pid {
      kill(-group, number)
    }
  }

  /// Asks it to end, as a terminal does that is closed; a stopped one is woken so that it can hear.
  func hangUp() {
    signal(SIGHUP)
    signal(SIGCONT)
  }

  /// What a daemon that takes over is told, and the descriptors that go with it.
  var handOver: (notice: SupervisorNotice, descriptors: [Descriptor]) {
    switch channels {
    case .terminal(let outlet, let ring):
      return (.child(id: id, pid: pid, channels: .terminal, end: end), [outlet.descriptor, ring])
    case .pipes(let input, let output, let error):
      let channels = HandedChannels.pipes(
        input: input != nil, outputRing: output.ring != nil, errorRing: error.ring != nil)
      let descriptors = [input, output.descriptor, error.descriptor, output.ring, error.ring]
      return (.child(id: id, pid: pid, channels: channels, end: end), descriptors.compactMap { $0 })
    }
  }
}

extension ChildEnd {
  /// Reads what waitpid(2) said.
  init(status: Int32) {
    self = arroba_exited(status) != 0 ? .code(arroba_exit_code(status)) : .signal(arroba_exit_signal(status))
  }

  var words: String {
    switch self {
    case .code(let code): "with status \(code)"
    case .signal(let number): "by signal \(number)"
    }
  }
}
