internal import CPty
internal import Glibc

/// What the supervisor says to whoever started it. It is the last one that could say it, so a failure is let pass.
enum Console {
  static func say(_ text: String) {
    var line = "arroba-supervisor: \(text)\n"
    _ = line.withUTF8 { write(2, $0.baseAddress, $0.count) }
  }
}
