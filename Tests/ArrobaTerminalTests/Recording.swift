import ArrobaTerminal
import FoundationEssentials
import Testing

/// A recorded session of a real program: what it wrote, the sizes it had, and what tmux showed at each marker.
struct Recording: Sendable, CustomTestStringConvertible {
  enum Step: Sendable {
    case output([UInt8])
    case resize(columns: Int, rows: Int)
    case marker(Marker)
  }

  struct Marker: Sendable {
    var name: String
    var text: [String]
    /// The rows again, with SGR.
    var styled: String
    var flags: Flags
  }

  struct Flags: Decodable, Sendable {
    let cursor_x: Int
    let cursor_y: Int
    let cursor_visible: Int
    let alternate_screen: Int
    let mouse_any: Int
    let mouse_sgr: Int
    let keypad: Int
    let keypad_cursor: Int
    let insert: Int
    let title: String
  }

  let name: String
  let columns: Int
  let rows: Int
  let steps: [Step]

  var testDescription: String { name }

  private struct Header: Decodable {
    let name: String
    let cols: Int
    let rows: Int
  }

  private struct Line: Decodable {
    let step: Step

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      switch try list.decode(String.self) {
      case "o": step = .output(Array(try list.decode(String.self).utf8))
      case "r": step = .resize(columns: try list.decode(Int.self), rows: try list.decode(Int.self))
      default:
        let name = try list.decode(String.self)
        let flags = try list.decode(Flags.self)
        let text = try list.decode(String.self).split(separator: "\n", omittingEmptySubsequences: false)
        step = .marker(
          Marker(name: name, text: text.map(String.init), styled: try list.decode(String.self), flags: flags))
      }
    }
  }

  static let all: [Recording] = {
    do {
      let folder = Fixtures.url("recordings")
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      return try names.map { name in
        let lines = try Data(contentsOf: folder.appending(path: name)).split(separator: 0x0A)
        let header = try JSONDecoder().decode(Header.self, from: lines.first ?? Data())
        return Recording(
          name: header.name, columns: header.cols, rows: header.rows,
          steps: try lines.dropFirst().map { try JSONDecoder().decode(Line.self, from: $0).step })
      }
    } catch {
      Fixtures.report("recordings", error)
      return []
    }
  }()

  func makeScreen() -> Screen {
    Screen(columns: columns, rows: rows, scrollbackLimit: 1000, scrollbackBytes: 4 << 20)
  }
}
