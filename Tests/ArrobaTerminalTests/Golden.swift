import ArrobaTerminal
import FoundationEssentials
import Testing

/// One stream of `xterm-golden.ndjson` and what a real xterm showed after it.
struct Golden: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let family: String
  let cols: Int
  let rows: Int
  let chunks: [Chunk]
  let text: [String]
  let attrs: [Run]
  let cursor: [Int]
  let modes: [String: Int]

  var testDescription: String { name }

  enum Chunk: Decodable, Sendable {
    case bytes([UInt8])
    case resize(columns: Int, rows: Int)

    init(from decoder: any Decoder) throws {
      if let text = try? decoder.singleValueContainer().decode(String.self) {
        self = .bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        return
      }
      var list = try decoder.unkeyedContainer()
      _ = try list.decode(String.self)
      self = .resize(columns: try list.decode(Int.self), rows: try list.decode(Int.self))
    }
  }

  /// Cells of one look: row, column, count, foreground, background, flags.
  struct Run: Decodable, Sendable {
    let row: Int
    let column: Int
    let count: Int
    let look: GoldenLook

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      row = try list.decode(Int.self)
      column = try list.decode(Int.self)
      count = try list.decode(Int.self)
      look = GoldenLook(
        foreground: try Self.colour(&list), background: try Self.colour(&list),
        flags: try list.decode([String].self).sorted())
    }

    private static func colour(_ list: inout any UnkeyedDecodingContainer) throws -> ScreenCells.Colour {
      if try list.decodeNil() { return .standard }
      if var parts = try? list.nestedUnkeyedContainer() {
        var rgb: UInt32 = 0
        while !parts.isAtEnd { rgb = rgb << 8 | UInt32(try parts.decode(Int.self)) }
        return .direct(rgb)
      }
      return .palette(try list.decode(Int.self))
    }
  }

  /// The streams that were given to us, and a few of each family of `scripts/oracle`.
  static let all = read(Fixtures.url("xterm-golden.ndjson")) + read(Fixtures.url("xterm-families.ndjson"))

  /// Streams from elsewhere in the same form, in the file that ARROBA_STREAMS names.
  static let others: [Golden] = {
    guard let path = ProcessInfo.processInfo.environment["ARROBA_STREAMS"] else { return [] }
    return read(URL(filePath: path))
  }()

  private static func read(_ file: URL) -> [Golden] {
    do {
      return try Data(contentsOf: file).split(separator: 0x0A).map {
        try JSONDecoder().decode(Golden.self, from: $0)
      }
    } catch {
      Fixtures.report(file.path, error)
      return []
    }
  }
}

/// What the oracle says of a cell.
struct GoldenLook: Equatable, Sendable, CustomStringConvertible {
  var description: String { "\(foreground) on \(background) \(flags)" }

  var foreground = ScreenCells.Colour.standard
  var background = ScreenCells.Colour.standard
  var flags: [String] = []

  init(foreground: ScreenCells.Colour, background: ScreenCells.Colour, flags: [String]) {
    self.foreground = foreground
    self.background = background
    self.flags = flags
  }

  /// A space shows its background and lines; its text colour only with them.
  var visibleOnSpace: GoldenLook {
    var visible = self
    visible.flags.removeAll { ["bold", "faint", "italic", "blink", "invisible"].contains($0) }
    if visible.flags.isEmpty { visible.foreground = .standard }
    return visible
  }

  init(_ look: ScreenCells.Look) {
    foreground = look.foreground
    background = look.background
    let names: [(Bool, String)] = [
      (look.bold, "bold"), (look.faint, "faint"), (look.italic, "italic"), (look.blink, "blink"),
      (look.inverse, "inverse"), (look.invisible, "invisible"), (look.strike, "strike"),
    ]
    flags = names.filter(\.0).map(\.1)
    // This oracle knows one underline only: it reports a double one as single.
    if let underline = look.underline {
      flags.append(underline == .single || underline == .double ? "underline" : underline.rawValue)
    }
    flags.sort()
  }
}

enum Fixtures {
  static func url(_ name: String, file: String = #filePath) -> URL {
    URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/terminal/\(name)")
  }

  static func report(_ name: String, _ error: any Error) {
    Issue.record("cannot read \(name): \(error)")
  }
}
