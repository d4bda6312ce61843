package import ArrobaJSON
internal import ArrobaSystem

/// Where a command's words go: results to standard output, everything else to standard error.
package final class Output {
  package enum Stream: Sendable {
    case standard, error

    var number: Int32 {
      switch self {
      case .standard: 1
      case .error: 2
      }
    }
  }

  package let isJSON: Bool
  package let isQuiet: Bool
  package let usesColour: Bool
  private let write: Write
  private var buffer: [UInt8] = []
  /// Enough to join the lines of a table; streams flush line by line.
  private static let fullBuffer = 32 << 10

  /// Gets whole pieces, in order.
  package typealias Write = (Stream, [UInt8]) -> Void

  package init(isJSON: Bool, isQuiet: Bool, usesColour: Bool, write: @escaping Write) {
    self.isJSON = isJSON
    self.isQuiet = isQuiet
    self.usesColour = usesColour
    self.write = write
  }

  /// As the command line and the environment want it; colours only where `isTerminal`.
  package convenience init(
    globals: GlobalOptions, environment: [String: String], isTerminal: Bool, write: @escaping Write
  ) {
    let isForbidden =
      globals.hasNoColor || !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb"
    self.init(
      isJSON: globals.isJSON, isQuiet: globals.isQuiet, usesColour: !isForbidden && isTerminal, write: write)
  }

  /// The standard streams of this process.
  package static func toStandardStreams(_ stream: Stream, _ bytes: [UInt8]) {
    // Nobody is left to be told that standard output is gone.
    _ = StandardStreams.writeAll(bytes, to: stream.number)
  }

  /// A line of the result.
  package func line(_ text: String) {
    buffer.append(contentsOf: text.utf8)
    buffer.append(UInt8(ascii: "\n"))
    if buffer.count >= Self.fullBuffer { flush() }
  }

  package func lines(_ rows: [[Cell]]) {
    for text in Table.lines(rows, usesColour: usesColour) { line(text) }
  }

  /// The result as the protocol has it.
  package func json(_ value: JSON) {
    var writer = JSONWriter(reserving: 512)
    writer.write(value)
    raw(writer.bytes)
    raw([UInt8(ascii: "\n")])
  }

  package func raw(_ bytes: [UInt8]) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= Self.fullBuffer { flush() }
  }

  /// A remark beside the result.
  package func note(_ text: String) {
    guard !isQuiet else { return }
    flush()
    write(.error, Array("\(text)\n".utf8))
  }

  package func fail(_ failure: Failure) {
    flush()
    guard !isJSON else {
      write(.error, failure.json.encoded + [UInt8(ascii: "\n")])
      return
    }
    let message = failure.message.split(separator: "\n").map { Clean.line(String($0)) }.joined(
      separator: "\n")
    var text = "arroba: \(message)\n"
    if let hint = failure.hint { text += "hint: \(Clean.line(hint))\n" }
    write(.error, Array(text.utf8))
  }

  package func flush() {
    guard !buffer.isEmpty else { return }
    write(.standard, buffer)
    buffer.removeAll(keepingCapacity: true)
  }
}
