import ArrobaTestSupport
import CPty
import Glibc

/// The program in a terminal of the journeys: what it writes is known byte by byte.
///
/// `numbers`: the numbers from zero on, a line each, a few thousand a second.
/// `stream`: `KnownBytes.stream` without end, as fast as it is taken.
/// `batches`: 2000 lines of 100 bytes for each line that is typed, then `batch` and its number.
/// `tally`: for each typed line `t` and that line; from the first one on also `c` and a number that rises, a line each.
/// `sum COUNT [stopped]`: says `ready`, stops until it is continued where that is asked, reads COUNT bytes, and says
/// their sum.
@main
enum JourneyStub {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    makeRaw()
    switch words.first {
    case "numbers": numbers()
    case "stream": stream()
    case "batches": batches()
    case "tally": tally()
    case "sum": sum(words.dropFirst().first.flatMap { Int($0) } ?? 0, stopped: words.last == "stopped")
    default: exit(64)
    }
  }

  /// Nothing is echoed and nothing changed on its way.
  private static func makeRaw() {
    var mode = termios()
    guard tcgetattr(0, &mode) == 0 else { return }
    cfmakeraw(&mode)
    tcsetattr(0, TCSANOW, &mode)
  }

  /// The program ends when its terminal is gone.
  private static func write(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(1, $0.baseAddress.map { $0 + sent }, bytes.count - sent)
      }
      guard count > 0 else { exit(1) }
      sent += count
    }
  }

  private static func numbers() -> Never {
    var next = 0
    while true {
      write(Array((next..<next + 20).map { "\($0)\r\n" }.joined().utf8))
      next += 20
      // At its leisure: whoever follows is meant to keep up.
      poll(nil, 0, 4)
    }
  }

  /// Prints and listens at once, until it reads a line `end`.
  private static func tally() -> Never {
    write(Array("ready\r\n".utf8))
    var typed: [UInt8] = []
    var next: Int?
    var block = [UInt8](repeating: 0, count: 4096)
    while true {
      var wanted = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      if poll(&wanted, 1, 2) > 0 {
        let count = block.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(1) }
        for byte in block[..<count] {
          guard byte == 0x0A else {
            typed.append(byte)
            continue
          }
          next = next ?? 0
          write(Array("t ".utf8) + typed + Array("\r\n".utf8))
          if typed == Array("end".utf8) { exit(0) }
          typed = []
        }
      }
      guard let number = next else { continue }
      write(Array("c \(number)\r\n".utf8))
      next = number + 1
    }
  }

  private static func stream() -> Never {
    var offset = 0
    while true {
      write(KnownBytes.stream(from: offset, count: 64 << 10))
      offset += 64 << 10
    }
  }

  private static func batches() -> Never {
    write(Array("ready\r\n".utf8))
    let filling = String(repeating: "x", count: 91)
    var block = [UInt8](repeating: 0, count: 1)
    var number = 0
    while block.withUnsafeMutableBytes({ read(0, $0.baseAddress, 1) }) == 1 {
      let digits = "\(1_000_000 + number)".dropFirst()
      write(Array(String(repeating: "\(digits) \(filling)\r\n", count: 2000).utf8))
      write(Array("batch \(number)\r\n".utf8))
      number += 1
    }
    exit(0)
  }

  private static func sum(_ total: Int, stopped: Bool) -> Never {
    write(Array("ready".utf8))
    if stopped { kill(getpid(), SIGSTOP) }
    var sum = KnownBytes.Sum()
    var block = [UInt8](repeating: 0, count: 64 << 10)
    while sum.count < total {
      let count = block.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
      guard count > 0 else { exit(1) }
      sum.add(block[..<count])
    }
    write(Array(sum.words.utf8))
    // What comes beyond the count would be seen as well.
    while true {
      let more = block.withUnsafeMutableBytes { read(0, $0.baseAddress, $0.count) }
      guard more > 0 else { exit(0) }
      write(Array("and \(more) more".utf8))
    }
  }
}
