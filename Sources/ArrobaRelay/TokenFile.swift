internal import ArrobaSystem

/// The file of the tokens in a relay's state directory: for its owner alone, whole or not at all.
package struct TokenFile {
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
    package let hint: String
  }

  package let directory: String
  package var path: String { "\(directory)/tokens.json" }

  package init(directory: String) { self.directory = directory }

  private static let longest = 4 << 20

  /// An empty book where there is no file. What others can read is no secret any more, and is not used.
  package func read() throws -> TokenBook {
    guard let status = Files.status(path) else { return TokenBook() }
    guard status.isPrivate(to: ThisProcess.uid) else {
      throw Failure(
        description: "\(path) can be read by others (mode \(String(status.permissions, radix: 8)))",
        hint: "chmod 600 \(path); and make new tokens if somebody else may have read it")
    }
    do { return try TokenBook(file: try Files.read(path, atMost: Self.longest)) } catch {
      throw Failure(description: "\(path): \(error)", hint: "mend it, or move it away and make new tokens")
    }
  }

  /// Changes the book, alone with it.
  package func change<Result>(_ body: (inout TokenBook) throws -> Result) throws -> Result {
    try Files.makeDirectory(directory)
    let lock: Descriptor
    switch try InstanceLock.take("\(directory)/tokens.lock") {
    case .taken(let descriptor): lock = descriptor
    case .held:
      throw Failure(
        description: "another arroba-relay is changing \(path)", hint: "try again in a moment")
    }
    defer { lock.close() }
    var book = try read()
    let result = try body(&book)
    try Files.replace(path, with: book.file)
    try Files.flushDirectory(directory)
    return result
  }
}
