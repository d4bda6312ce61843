internal import ArrobaSystem
internal import CPty
internal import Glibc

/// What the supervisor says to whoever started it, and to its process log. It is the last one that could say it, so a
/// failure is let pass.
enum Console {
  static func say(
    _ level: ProcessLog.Level, _ component: String, _ text: String,
    _ fields: KeyValuePairs<String, any ProcessLogValue> = [:]
  ) {
    ProcessLog.shared.record(level, component, text, fields)
    var line = "arroba-supervisor: \(text)\n"
    _ = line.withUTF8 { write(2, $0.baseAddress, $0.count) }
  }
}
