import ArrobaSystem
import ArrobaTestSupport
import CPty
import Glibc

@testable import ArrobaCLI

/// A pipe or a terminal in place of the user's, of which the test has the other end.
final class SeatUnderTest {
  let seat: Seat
  /// The test's end: what is written to the screen comes out of it, and for a terminal keys go in.
  let user: Descriptor
  private let ends: [Descriptor]
  /// Everything that has come out so far.
  private(set) var seen = ""

  private init(seat: Seat, user: Descriptor, ends: [Descriptor]) {
    self.seat = seat
    self.user = user
    self.ends = ends
  }

  /// A screen that is a pipe, and keys that are another one.
  static func pipe() throws -> SeatUnderTest {
    let (reading, writing) = try Pipes.make()
    let (input, keys) = try Pipes.make()
    return SeatUnderTest(
      seat: Seat(input: input.raw, output: writing.raw), user: reading, ends: [writing, input, keys])
  }

  /// A terminal of that size (pty(7); the C library's own calls are not to be had from here).
  static func terminal(columns: UInt16 = 80, rows: UInt16 = 24) throws -> SeatUnderTest {
    let user = try Files.open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var unlocked: Int32 = 0
    var number: Int32 = 0
    guard ioctl(user.raw, 0x4004_5431, &unlocked) == 0, ioctl(user.raw, 0x8004_5430, &number) == 0 else {
      throw Silence("no terminal")
    }
    let inside = try Files.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    inside.setWindowSize(columns: columns, rows: rows)
    return SeatUnderTest(seat: Seat(input: inside.raw, output: inside.raw), user: user, ends: [inside])
  }

  /// Whether the text has come out; does not wait.
  func sees(_ text: String) -> Bool {
    while PollSet.waitReadable(user.raw, timeoutMs: 0), readOnce() {}
    return seen.contains(text)
  }

  /// Waits until the text has come out; everything so far.
  @discardableResult
  func wait(for text: String) throws -> String {
    while !seen.contains(text) {
      guard PollSet.waitReadable(user.raw, timeoutMs: 20_000), readOnce() else {
        throw Silence("waited for '\(text)' on the screen; there is \(seen.debugDescription)")
      }
    }
    return seen
  }

  private func readOnce() -> Bool {
    var block = [UInt8](repeating: 0, count: 64 << 10)
    guard case .moved(let count) = block.withUnsafeMutableBytes({ user.read(into: $0) }) else { return false }
    seen += String(decoding: block[..<count], as: UTF8.self)
    return true
  }

  func type(_ text: String) throws { try user.writeAll(Array(text.utf8)) }
  func close() { for end in ends { end.close() } }
  func typeIntoPipe(_ text: String) throws { try ends.last?.writeAll(Array(text.utf8)) }
  /// The end of a pipe's input.
  func endKeys() { ends.last?.close() }

  /// The line discipline's switches, to see whether they were put back.
  var lineModes: [UInt32] {
    var modes = termios()
    tcgetattr(seat.input, &modes)
    return [modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag]
  }
}
