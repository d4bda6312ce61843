internal import ArrobaSystem
internal import Synchronization

/// The versions that programs say of themselves (`--version`), each asked once for as long as its file is the same.
/// Asking takes as long as the program does, up to a limit: not for the loop.
final class ProgramVersions: Sendable {
  private struct Known {
    let modifiedMs: Int
    let size: Int
    let version: String?
  }

  private let known = Mutex<[String: Known]>([:])
  private let patienceMs: Int
  private static let mostBytes = 4096

  /// Some programs take a second on a busy machine.
  init(patienceMs: Int = 3000) { self.patienceMs = patienceMs }

  /// Nil where it says none, or not in time.
  func version(of path: String, name: String, environment: [String]) -> String? {
    guard let status = Files.status(path) else { return nil }
    let before = known.withLock { $0[path] }
    if let before, before.modifiedMs == status.modifiedMs, before.size == status.size {
      return before.version
    }
    let version = ask(path, name: name, environment: environment).flatMap { Self.version(in: $0) }
    known.withLock {
      $0[path] = Known(modifiedMs: status.modifiedMs, size: status.size, version: version)
    }
    return version
  }

  private func ask(_ path: String, name: String, environment: [String]) -> String? {
    guard
      let program = try? Companion.start(path, arguments: [name, "--version"], environment: environment)
    else { return nil }  // what cannot be started is said when somebody starts it
    defer { program.kill() }
    let (said, isLate) = program.readAnswer(
      atMost: Self.mostBytes, untilMs: Clock.monotonicMs() + patienceMs)
    return isLate ? nil : String(decoding: said, as: UTF8.self)
  }

  /// The first word that is one: "1.18.34" of "opencode v1.18.34", "2.1.330" of "2.1.330 (Claude Code)".
  static func version(in text: String) -> String? {
    for word in text.split(whereSeparator: { $0.isWhitespace }) {
      let plain = word.first == "v" ? word.dropFirst() : word
      let numbers = plain.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let parts = numbers.split(separator: ".", omittingEmptySubsequences: false)
      if parts.count == 3, parts.allSatisfy({ !$0.isEmpty && $0.utf8.count < 10 }), plain.utf8.count < 64 {
        return String(plain)
      }
    }
    return nil
  }
}
