/// Plain lines to the terminal or service manager that a process was started from.
package enum Console {
  package static func error(_ line: String) {
    let stream = Descriptor(owning: 2)
    try? stream.writeAll(Array("\(line)\n".utf8))  // there is nowhere left to say it
    _ = stream.release()
  }

  package static func out(_ line: String) {
    let stream = Descriptor(owning: 1)
    try? stream.writeAll(Array("\(line)\n".utf8))  // a reader that is gone needs nothing
    _ = stream.release()
  }
}
