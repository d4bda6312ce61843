import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import CPty
import Glibc
import Testing

/// A terminal as a window shows it: what is written to it can be read, as fast as the test likes.
final class Window {
  let terminal: Descriptor
  private let window: Descriptor
  private(set) var text = ""

  init() throws {
    // pty(7); the C library's own calls are not to be had from here.
    window = try Files.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)
    var unlocked: Int32 = 0
    var number: Int32 = 0
    guard ioctl(window.raw, 0x4004_5431, &unlocked) == 0, ioctl(window.raw, 0x8004_5430, &number) == 0 else {
      throw Silence("no terminal")
    }
    terminal = try Files.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
    var mode = termios()
    tcgetattr(terminal.raw, &mode)
    cfmakeraw(&mode)
    tcsetattr(terminal.raw, TCSANOW, &mode)
  }

  /// Reads what has come.
  func look() {
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while case .moved(let count) = block.withUnsafeMutableBytes({ window.read(into: $0) }) {
      text += String(decoding: block[..<count], as: UTF8.self)
    }
  }

  /// What a person types there.
  func type(_ text: String) throws {
    var rest = Array(text.utf8)
    try Deadline.until("room for keys") {
      if case .moved(let count) = rest.withUnsafeBytes({ window.write($0) }) { rest.removeFirst(count) }
      return rest.isEmpty
    }
  }

  func wait(for words: String) throws {
    try Deadline.until("'\(words)' on the terminal, which has '\(text.suffix(200))'") {
      look()
      return text.contains(words)
    }
  }
}

@Suite("A terminal that its client lends", .journey)
struct LendingJourneys {
  private static let answering = "stty -echo; echo ready; while read line; do echo \"<$line>\"; done"

  /// An agent that answers lines, and a window for its output.
  static func withAgent(_ body: (DaemonUnderTest, String, Window) throws -> Void) throws {
    try withDaemon { daemon in
      let id = try daemon.session(answering).words("id")
      try daemon.screen(of: id, shows: "ready")
      try body(daemon, id, Window())
    }
  }

  static func lend(_ window: Window, from client: WireTerminal, withKeys keys: String? = nil) throws {
    try client.wait("the first screen") { !client.repaints.isEmpty }
    try client.lend(window.terminal.raw)
    try client.wait("an answer") { !client.lendings.isEmpty }
    let offset = try #require(client.lendings.last ?? nil)
    #expect(offset == client.offset)
    if let keys {
      try client.send(.lending, [TerminalFrame.Lending.lendsWithKeys.rawValue] + keys.utf8)
    } else {
      try client.send(.lending, [TerminalFrame.Lending.lends.rawValue])
    }
  }

  @Test("Output goes there and nowhere else; taken back, it goes on in frames without a hole")
  func thereAndBack() throws {
    try Self.withAgent { daemon, id, window in
      let client = try daemon.client().attach(id)
      try Self.lend(window, from: client)
      let start = client.offset
      try client.type("one\n")
      try window.wait(for: "<one>\r\n")
      #expect(window.text == "<one>\r\n" && client.output.isEmpty)
      try client.send(.lending, [TerminalFrame.Lending.takesBack.rawValue])
      try client.wait("the terminal") { client.lendings.count == 2 }
      #expect(client.lendings[1] == start + window.text.utf8.count)
      try client.type("two\n")
      try client.wait(for: "<two>\r\n")
      #expect(client.text == "<two>\r\n")
      window.look()
      #expect(window.text == "<one>\r\n")
      // And once more.
      try client.lend(window.terminal.raw)
      try client.wait("an answer") { client.lendings.count == 3 }
      try client.send(.lending, [TerminalFrame.Lending.lends.rawValue])
      try client.type("three\n")
      try window.wait(for: "<three>\r\n")
    }
  }

  @Test("Another size, a viewer, or what is no terminal: it is not borrowed, and frames go on")
  func declined() throws {
    try Self.withAgent { daemon, id, window in
      let leader = try daemon.client().attach(id, cols: 90, rows: 30)
      try leader.wait("the first screen") { !leader.repaints.isEmpty }
      let smaller = try daemon.client().attach(id, cols: 80, rows: 24)
      let viewer = try daemon.client().attach(id, cols: 90, rows: 30, mode: "view")
      for client in [smaller, viewer] {
        try client.wait("the first screen") { !client.repaints.isEmpty }
        try client.lend(window.terminal.raw)
      }
      let file = try Files.openForReading("/dev/null")
      try leader.lend(file.raw)
      for client in [leader, smaller, viewer] {
        try client.wait("an answer") { !client.lendings.isEmpty }
        #expect(client.lendings == [nil])
      }
      try leader.type("one\n")
      for client in [leader, smaller, viewer] { try client.wait(for: "<one>") }
      window.look()
      #expect(window.text.isEmpty)
    }
  }

  @Test("Resized by another client, it is given back before the size is told")
  func resized() throws {
    try Self.withAgent { daemon, id, window in
      let lender = try daemon.client().attach(id)
      try Self.lend(window, from: lender)
      let other = try daemon.client().attach(id, cols: 100, rows: 40)
      try other.type("one\n")
      try lender.wait("the new size") { lender.sizes == [[100, 40]] }
      #expect(lender.lendings.count == 2 && lender.kinds.contains("TR"))
      try lender.wait(for: "<one>")
      window.look()
      #expect(window.text.isEmpty)
    }
  }

  @Test(
    "A terminal that takes nothing holds up neither the program nor others, and is painted when it goes on")
  func stalled() throws {
    try withDaemon { daemon in
      let program = "read x; seq 1 400000; echo done; read x"
      let id = try daemon.session(program).words("id")
      let window = try Window()
      let lender = try daemon.client().attach(id)
      try Self.lend(window, from: lender)
      let other = try daemon.client().attach(id)
      try lender.type("go\n")
      // One that was slow meanwhile gets it with a repaint.
      try other.wait("the end of the output") {
        let painted = other.repaints.last.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        return other.text.contains("done") || painted.contains("done")
      }
      try window.wait(for: "400000\r\ndone")
      #expect(window.text.utf8.count < 1 << 20)
      try lender.type("\n")
      #expect(try lender.awaitExit() == 0)
    }
  }

  @Test("A client that goes without a word takes its terminal with it")
  func gone() throws {
    try Self.withAgent { daemon, id, window in
      let lender = try daemon.client().attach(id)
      try Self.lend(window, from: lender)
      lender.cut()
      let other = try daemon.client().attach(id)
      try other.type("one\n")
      try other.wait(for: "<one>")
      window.look()
      #expect(window.text.isEmpty)
    }
  }
}
