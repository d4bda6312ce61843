internal import ArrobaJSON
internal import ArrobaSystem
internal import ArrobaWire

/// A recording as it is read: the header, then event by event, as far as it was written.
struct CastReader {
  enum Event: Equatable {
    case output(String)
    case resize(Size)
    /// What was typed, marks, and what later versions add.
    case other
  }

  struct Moment: Equatable {
    let ms: Int
    let event: Event
  }

  struct Header: Equatable {
    let size: Size
    let idleLimitMs: Int?
  }

  /// An event is a piece of a program's output; what is longer is nothing that anybody recorded.
  private static let longestLine = 16 << 20
  /// The largest terminal that the model bothers with.
  private static let sides = 1...4096
  /// A year: no recording is longer, and no number overflows.
  private static let longestMs = 31_536_000_000.0

  let name: String
  private let read: (UnsafeMutableRawBufferPointer) -> Transfer
  private var lines = LineSplitter(limit: Self.longestLine)
  private var isAtEnd = false
  private var lineNumber = 0
  private var lastMs = 0
  private(set) var header = Header(size: Size(80, 24), idleLimitMs: nil)

  init(_ name: String, read: @escaping (UnsafeMutableRawBufferPointer) -> Transfer) throws(Failure) {
    self.name = name
    self.read = read
    guard let line = try nextLine() else { throw failure("is empty, and no recording") }
    header = try head(line)
  }

  private func failure(_ what: String, hint: String? = nil) -> Failure {
    Failure("\(name) \(what)", hint: hint, kind: "failed", exitCode: ExitCode.failed)
  }

  // MARK: lines

  /// The next line; at the end also one that no line break follows.
  private mutating func nextLine() throws(Failure) -> [UInt8]? {
    while true {
      do {
        if let line = try lines.next() {
          lineNumber += 1
          return line
        }
      } catch { throw failure("has a line of more than \(error.limit >> 20) MiB: it is no recording") }
      guard !isAtEnd else {
        let rest = lines.takeRest()
        guard !rest.isEmpty else { return nil }
        lineNumber += 1
        return rest
      }
      try fill()
    }
  }

  private mutating func fill() throws(Failure) {
    var block = [UInt8](repeating: 0, count: 64 << 10)
    let read = self.read
    switch block.withUnsafeMutableBytes({ read($0) }) {
    case .moved(let count): lines.feed(block[..<count])
    case .ended: isAtEnd = true
    case .wouldBlock: break
    case .failed(let code): throw failure("cannot be read: \(SystemError.words(for: code))")
    }
  }

  // MARK: the header

  private mutating func head(_ line: [UInt8]) throws(Failure) -> Header {
    var line = line
    var json = try? JSONReader.read(line)  // the first version's may go over several lines
    while json == nil, line.first == UInt8(ascii: "{"), line.count < Self.longestLine,
      let more = try nextLine()
    {
      line += more
      json = try? JSONReader.read(line)  // not whole yet
    }
    guard let json, json.object != nil, let version = json["version"] else {
      throw failure("is no asciicast: its first line is no header")
    }
    guard version.int == 2 else {
      throw failure(
        "is an asciicast of version \(version.encodedText); only version 2 is played",
        hint: "asciinema convert makes one of version 2")
    }
    guard let columns = json["width"]?.int, let rows = json["height"]?.int, Self.sides.contains(columns),
      Self.sides.contains(rows)
    else { throw failure("does not say the size of its terminal") }
    let limit = Self.seconds(json["idle_time_limit"]).flatMap { $0 > 0 ? Int($0 * 1000) : nil }
    return Header(size: Size(columns, rows), idleLimitMs: limit)
  }

  private static func seconds(_ json: JSON?) -> Double? {
    switch json {
    case .int(let value): return 0...longestMs ~= Double(value) * 1000 ? Double(value) : nil
    case .double(let value): return value.isFinite && 0...longestMs ~= value * 1000 ? value : nil
    case .null, .bool, .string, .array, .object, nil: return nil
    }
  }

  // MARK: events

  /// The next event; nil at the end, also of a recording that was cut off in the middle of an event.
  mutating func next() throws(Failure) -> Moment? {
    guard let line = try nextLine() else { return nil }
    guard let parts = (try? JSONReader.read(line))?.array, parts.count >= 3,  // said below
      let seconds = Self.seconds(parts[0]), let kind = parts[1].string
    else {
      if isAtEnd, lines.pendingCount == 0 { return nil }
      throw failure("is damaged: line \(lineNumber) is no event")
    }
    // Time does not go back, whatever a file says.
    lastMs = max(lastMs, Int(seconds * 1000))
    return Moment(ms: lastMs, event: event(kind, parts[2]))
  }

  private func event(_ kind: String, _ data: JSON) -> Event {
    switch (kind, data) {
    case ("o", .string(let text)): .output(text)
    case ("r", .string(let text)): Self.size(text).map { .resize($0) } ?? .other
    default: .other
    }
  }

  private static func size(_ text: String) -> Size? {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let columns = parts[0], let rows = parts[1], sides.contains(columns),
      sides.contains(rows)
    else { return nil }
    return Size(columns, rows)
  }
}
