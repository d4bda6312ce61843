internal import ArrobaSystem

/// Asks for one line on the user's terminal; a secret is not shown as it is typed.
struct SecretPrompt {
  let seat: Seat
  private static let longest = 1024

  /// nil where there is no terminal, or the user left without a word (Ctrl-C, Ctrl-D).
  func ask(_ question: String, isShown: Bool = false) -> String? {
    guard let mode = TerminalMode(of: seat.input) else { return nil }
    _ = StandardStreams.writeAll(Array(question.utf8), to: seat.output)
    mode.enterRaw()
    defer {
      mode.restore()
      _ = StandardStreams.writeAll([0x0A], to: seat.output)
    }
    var line: [UInt8] = []
    var byte = [UInt8](repeating: 0, count: 1)
    while line.count < Self.longest {
      guard case .moved = byte.withUnsafeMutableBytes({ StandardStreams.read(into: $0, from: seat.input) })
      else {
        return nil
      }
      switch byte[0] {
      case 0x0D, 0x0A: return String(decoding: line, as: UTF8.self)
      case 0x03, 0x04: return nil
      case 0x7F, 0x08:
        guard line.popLast() != nil, isShown else { continue }
        _ = StandardStreams.writeAll(Array("\u{8} \u{8}".utf8), to: seat.output)
      default:
        line.append(byte[0])
        if isShown { _ = StandardStreams.writeAll(byte, to: seat.output) }
      }
    }
    return nil
  }
}
