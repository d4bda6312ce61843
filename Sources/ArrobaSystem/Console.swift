/// Plain lines to the terminal or service manager that a process was started from. Nothing is left to be said to one
/// that is gone.
package enum Console {
  package static func error(_ line: String) { say(line, to: 2) }
  package static func out(_ line: String) { say(line, to: 1) }

  private static func say(_ line: String, to number: Int32) {
    _ = StandardStreams.writeAll(Array("\(line)\n".utf8), to: number)
  }
}
