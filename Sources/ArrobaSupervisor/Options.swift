/// What the supervisor was started with. Only `arroba-daemon` starts it, so there is no help.
package struct Options: Equatable {
  /// The lock file of the state directory, open and locked.
  package var lock: Int32
  package var state: String
  /// Where the first daemon, or we for it, say that all is well or what is not.
  package var ready: Int32?
  package var daemon: String
  package var daemonArguments: [String]
  /// Where its process log goes; none is kept without it.
  package var logs: String?
  /// The level's name, as ARROBA_LOG_LEVEL has it.
  package var logLevel: String?
  /// The pause before a daemon that failed is started again; it doubles from there. Tests shorten it.
  package var firstDelayMs = 100

  /// Reads `--lock-fd N --state DIR [--ready-fd N] [--logs DIR [--log-level L]] --daemon PATH -- ARGS…`, the program's
  /// own name left out.
  package init(_ arguments: [String]) throws(Misuse) {
    var lock: Int32?
    var state: String?
    var daemon: String?
    var rest = arguments[...]
    while let option = rest.popFirst(), option != "--" {
      guard let value = rest.popFirst() else { throw Misuse("\(option) needs a value") }
      switch option {
      case "--lock-fd": lock = try Self.number(value, of: option)
      case "--ready-fd": ready = try Self.number(value, of: option)
      case "--first-delay-ms": firstDelayMs = Int(try Self.number(value, of: option))
      case "--state": state = value
      case "--logs": logs = value
      case "--log-level": logLevel = value
      case "--daemon": daemon = value
      default: throw Misuse("\(option) is not an option")
      }
    }
    guard let lock, let state, let daemon else {
      throw Misuse("--lock-fd, --state and --daemon are needed; arroba-daemon starts this program")
    }
    self.lock = lock
    self.state = state
    self.daemon = daemon
    daemonArguments = Array(rest)
  }

  private static func number(_ text: String, of option: String) throws(Misuse) -> Int32 {
    guard let number = Int32(text), number >= 0 else { throw Misuse("\(option) needs a number, not \(text)") }
    return number
  }

  package struct Misuse: Error, Equatable {
    package let message: String
    init(_ message: String) { self.message = message }
  }
}
