internal import CPty
internal import Glibc

/// The line discipline of the user's terminal: taken over, and put back as it was.
package final class TerminalMode {
  private let number: Int32
  private let saved: termios
  package private(set) var isRaw = false

  /// nil where the descriptor is no terminal.
  package init?(of number: Int32) {
    var current = termios()
    guard tcgetattr(number, &current) == 0 else { return nil }
    self.number = number
    saved = current
  }

  deinit { restore() }

  /// Every key as a byte, no echo, no signals, output untouched (cfmakeraw(3)).
  package func enterRaw() {
    var raw = saved
    cfmakeraw(&raw)
    isRaw = tcsetattr(number, TCSANOW, &raw) == 0
  }

  /// Puts back what was found. Without waiting for output: a terminal that nobody reads must not hold us.
  package func restore() {
    guard isRaw else { return }
    isRaw = false
    var before = saved
    _ = tcsetattr(number, TCSANOW, &before)
  }
}

/// Questions about a terminal.
package enum Terminals {
  package static func isTerminal(_ number: Int32) -> Bool { isatty(number) == 1 }

  /// Columns and rows; nil where it is no terminal or does not know its size.
  package static func size(of number: Int32) -> (columns: Int, rows: Int)? {
    var columns: UInt16 = 0
    var rows: UInt16 = 0
    guard arroba_get_size(number, &columns, &rows) == 0, columns > 0, rows > 0 else { return nil }
    return (Int(columns), Int(rows))
  }

  /// The same terminal opened once more, not blocking: the flag then is ours alone, not the shell's, which shares
  /// the open description of our standard output. nil where it may not be opened (after `su`).
  package static func reopened(_ number: Int32, forReading: Bool = false) -> Descriptor? {
    let access = forReading ? O_RDWR : O_WRONLY
    let copy = open("/proc/self/fd/\(number)", access | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    return copy >= 0 ? Descriptor(owning: copy) : nil
  }

  /// Whether both are the same terminal.
  package static func isSame(_ one: Int32, _ other: Int32) -> Bool {
    var first = stat()
    var second = stat()
    guard isTerminal(one), isTerminal(other), fstat(one, &first) == 0, fstat(other, &second) == 0 else {
      return false
    }
    return first.st_rdev == second.st_rdev
  }
}
