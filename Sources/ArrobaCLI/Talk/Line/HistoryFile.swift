internal import ArrobaJSON
internal import ArrobaSystem

/// What was typed, kept for the next time: one JSON string a line, in a file for the user alone.
package struct HistoryFile {
  package let path: String
  /// So much of the file is read; it is written anew, shorter, before it grows beyond.
  private static let longest = 4 << 20

  package init(in state: String) { path = "\(state)/talk-history" }

  /// What is kept; nothing where there is no such file.
  package func read() -> InputHistory {
    guard let bytes = try? Files.read(path, atMost: Self.longest) else { return InputHistory() }  // none yet
    let entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      (try? JSONReader.read(Array(line)))?.string  // a line that was cut is no entry
    }
    let history = InputHistory(entries)
    if entries.count > 2 * InputHistory.mostEntries || bytes.count >= Self.longest / 2 { rewrite(history) }
    return history
  }

  /// Adds an entry at the end; clients that do so at once do not overwrite each other.
  package func add(_ text: String) {
    let line = JSON.string(text).encoded + [UInt8(ascii: "\n")]
    do {
      if let directory = Files.parent(of: path) { try Files.makeDirectory(directory) }
      try Files.append(path, line)
    } catch { ProcessLog.shared.warn("talk", "what was typed is not kept: \(error)", [:]) }
  }

  private func rewrite(_ history: InputHistory) {
    let lines = history.entries.flatMap { JSON.string($0).encoded + [UInt8(ascii: "\n")] }
    do { try Files.replace(path, with: lines) } catch {
      ProcessLog.shared.warn("talk", "the history of the prompt line cannot be shortened: \(error)", [:])
    }
  }
}
