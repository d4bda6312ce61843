internal import CPty
internal import Glibc

/// What of the process logs is kept: a week, and 200 MB at most, the oldest going first.
package enum ProcessLogRetention {
  package static let longestAgeMs = 7 * 24 * 3_600_000
  package static let mostBytes = 200_000_000

  /// Removes what is too old or too much; only files named as ours, never `sparing`. Failures are left for next time.
  package static func clean(
    _ directory: String, nowMs: Int, sparing: String, mostBytes: Int = Self.mostBytes
  ) {
    var total = 0
    for file in ProcessLogReader.files(in: directory).reversed() {
      total += file.size
      let isTooOld = nowMs - file.modifiedMs > longestAgeMs
      guard isTooOld || total > mostBytes, file.path != sparing else { continue }
      try? Files.remove(file.path)  // somebody else may have cleaned meanwhile
    }
  }
}

/// Reads the process logs of a directory: what is there, and then what comes.
package struct ProcessLogReader {
  package struct File: Equatable, Sendable {
    package let path: String
    package let size: Int
    package let modifiedMs: Int
  }

  /// How far each file has been read, up to its last whole line.
  private var offsets: [String: Int] = [:]
  private let directory: String

  package init(directory: String) {
    self.directory = directory
  }

  /// The logs of a directory, the one written least recently first; none where there is no directory.
  package static func files(in directory: String) -> [File] {
    let names = (try? Files.list(directory)) ?? []  // no directory: nothing was ever logged
    let found = names.compactMap { name -> File? in
      guard isOurs(name), let status = Files.status("\(directory)/\(name)"), status.isRegular else {
        return nil
      }
      return File(path: "\(directory)/\(name)", size: status.size, modifiedMs: status.modifiedMs)
    }
    return found.sorted { ($0.modifiedMs, $0.path) < ($1.modifiedMs, $1.path) }
  }

  /// `<start time>-<kind>-<pid>.ndjson`, and nothing else: others may keep files in the same directory.
  package static func isOurs(_ name: String) -> Bool {
    guard name.hasSuffix(".ndjson") else { return false }
    let parts = name.dropLast(7).split(separator: "-")
    guard parts.count >= 3, let start = parts.first, let pid = parts.last else { return false }
    return start.utf8.count == 20 && start.hasSuffix("Z") && Int32(pid) != nil
  }

  /// Hands every whole line that was not read before to `body`, file by file. Files that `skipping` names are taken as
  /// read to their end.
  package mutating func readNew(skipping: (File) -> Bool, _ body: ([UInt8]) -> Void) {
    for file in Self.files(in: directory).reversed() {
      let start = offsets[file.path] ?? 0
      guard file.size > start else { continue }
      if offsets[file.path] == nil && skipping(file) {
        offsets[file.path] = file.size
        continue
      }
      offsets[file.path] = Self.read(file.path, from: start, body)
    }
  }

  /// Answers the offset behind the last whole line.
  private static func read(_ path: String, from start: Int, _ body: ([UInt8]) -> Void) -> Int {
    guard let file = try? Files.openForReading(path) else { return start }  // cleaned away meanwhile
    guard lseek(file.raw, start, SEEK_SET) == start else { return start }
    var consumed = start
    var rest: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while case .moved(let count) = block.withUnsafeMutableBytes({ file.read(into: $0) }) {
      var lineStart = 0
      while let newline = block[lineStart..<count].firstIndex(of: 0x0A) {
        body(rest + block[lineStart..<newline])
        consumed += rest.count + newline - lineStart + 1
        rest.removeAll(keepingCapacity: true)
        lineStart = newline + 1
      }
      rest += block[lineStart..<count]
    }
    return consumed
  }
}
