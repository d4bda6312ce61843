internal import ArrobaTime
internal import CPty
internal import Glibc
internal import Synchronization

/// What can stand in a record of the process log: words, numbers, yes and no.
package protocol ProcessLogValue {
  /// The value as JSON; nil leaves the field out.
  var processLogJSON: String? { get }
}

extension String: ProcessLogValue {
  package var processLogJSON: String? { ProcessLog.quoted(self) }
}

extension Int: ProcessLogValue {
  package var processLogJSON: String? { description }
}

extension Int32: ProcessLogValue {
  package var processLogJSON: String? { description }
}

extension Bool: ProcessLogValue {
  package var processLogJSON: String? { description }
}

extension Optional: ProcessLogValue where Wrapped: ProcessLogValue {
  package var processLogJSON: String? { flatMap { $0.processLogJSON } }
}

/// The log of one process: a line of JSON a record, in a file of its own (docs/RUNNING.md, "Logs").
///
/// Metadata, life cycle, warnings and errors only: never what was typed or printed, no environment, no secret.
/// It never fails its caller: what cannot be written is counted, and the next record that can be tells how many.
package final class ProcessLog: Sendable {
  package enum Level: Int, Sendable, Comparable, CaseIterable {
    case debug, info, warn, error, off

    /// The level that a name of ARROBA_LOG_LEVEL means; nil for an unknown one.
    package init?(name: String) {
      guard let found = Self.allCases.first(where: { $0.name == name.lowercased() }) else { return nil }
      self = found
    }

    package var name: String {
      switch self {
      case .debug: "debug"
      case .info: "info"
      case .warn: "warn"
      case .error: "error"
      case .off: "off"
      }
    }

    package static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  private struct State {
    var kind = ""
    var directory = ""
    var path = ""
    var file: Descriptor?
    var written = 0
    var dropped = 0
    var rotateAtBytes = ProcessLog.longestFile
    /// After a failed opening: when to try again, so that a full or read-only disk costs little.
    var notBeforeMs = 0
  }

  package static let shared = ProcessLog()

  /// A file that grows past this is left and a new one begun, so that retention can take away the old part.
  package static let longestFile = 20 << 20
  private static let pauseAfterFailureMs = 10_000

  private let state = Mutex(State())
  /// Beside the lock, so that a record below the level costs one load.
  private let threshold = Atomic<Int>(Level.off.rawValue)

  package init() {}

  /// Gives the process its log. The file appears with the first record: a client that has nothing to say leaves none.
  package static func start(kind: String, directory: String, level: Level) {
    shared.start(kind: kind, directory: directory, level: level)
  }

  /// The level that the environment asks for; an unknown name counts as the default.
  package static func level(named name: String?) -> Level { name.flatMap(Level.init(name:)) ?? .info }

  package func start(
    kind: String, directory: String, level: Level, rotateAtBytes: Int = ProcessLog.longestFile
  ) {
    state.withLock { state in
      state = State()
      state.kind = kind
      state.directory = directory
      state.rotateAtBytes = rotateAtBytes
    }
    threshold.store(level.rawValue, ordering: .relaxed)
  }

  package func isLogging(_ level: Level) -> Bool { level.rawValue >= threshold.load(ordering: .relaxed) }

  package func debug(
    _ component: String, _ message: String, _ fields: KeyValuePairs<String, any ProcessLogValue> = [:]
  ) {
    record(.debug, component, message, fields)
  }

  package func info(
    _ component: String, _ message: String, _ fields: KeyValuePairs<String, any ProcessLogValue> = [:]
  ) {
    record(.info, component, message, fields)
  }

  package func warn(
    _ component: String, _ message: String, _ fields: KeyValuePairs<String, any ProcessLogValue> = [:]
  ) {
    record(.warn, component, message, fields)
  }

  package func error(
    _ component: String, _ message: String, _ fields: KeyValuePairs<String, any ProcessLogValue> = [:]
  ) {
    record(.error, component, message, fields)
  }

  package func record(
    _ level: Level, _ component: String, _ message: String,
    _ fields: KeyValuePairs<String, any ProcessLogValue>
  ) {
    guard level != .off, isLogging(level) else { return }
    var members = ""
    for (name, value) in fields {
      if let json = value.processLogJSON { members += ",\(Self.quoted(name)):\(json)" }
    }
    let now = Clock.wallMs()
    state.withLock { state in
      guard Self.makeReady(&state, now: now) else {
        state.dropped += 1
        return
      }
      var line =
        "{\"timestamp_ms\":\(now),\"level\":\"\(level.name)\",\"process_kind\":\(Self.quoted(state.kind))"
      line +=
        ",\"pid\":\(getpid()),\"component\":\(Self.quoted(component)),\"message\":\(Self.quoted(message))"
      line += members
      if state.dropped > 0 { line += ",\"dropped_records\":\(state.dropped)" }
      line += ",\"log_path\":\(Self.quoted(state.path))}\n"
      Self.append(line, &state, now: now)
    }
  }

  /// One write a record: with O_APPEND a reader never sees two mixed.
  private static func append(_ line: String, _ state: inout State, now: Int) {
    var line = line
    let outcome = line.withUTF8 { state.file?.write(UnsafeRawBufferPointer($0)) }
    guard case .moved(let count) = outcome, count == line.utf8.count else {
      state.dropped += 1
      state.file = nil
      state.notBeforeMs = now + pauseAfterFailureMs
      return
    }
    state.dropped = 0
    state.written += count
  }

  private static func makeReady(_ state: inout State, now: Int) -> Bool {
    // A process that was silent for a week finds its file cleaned away by another one.
    if let file = state.file, state.written < state.rotateAtBytes, !file.isUnlinked { return true }
    guard now >= state.notBeforeMs else { return false }
    let path = "\(state.directory)/\(CivilTime.compact(now))-\(state.kind)-\(getpid()).ndjson"
    do {
      try Files.makeDirectory(state.directory)
      state.file = try Files.open(path, O_WRONLY | O_CREAT | O_APPEND)
    } catch {
      state.file = nil
      state.notBeforeMs = now + pauseAfterFailureMs
      return false
    }
    // A file of the same millisecond is continued, whatever it holds: the limit is a wish, not a promise.
    state.written = 0
    state.path = path
    ProcessLogRetention.clean(state.directory, nowMs: now, sparing: path)
    return true
  }

  /// A text as JSON. The floor below this one knows no JSON module.
  fileprivate static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let hex = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
