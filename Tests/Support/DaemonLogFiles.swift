internal import ArrobaSystem

/// The segments of a daemon's event log, to be changed line by line while no daemon runs.
package struct LogFiles {
  private let paths: [String]

  package init(of daemon: DaemonUnderTest) throws {
    let directory = "\(daemon.state)/log"
    paths = try Files.list(directory).filter { $0.hasPrefix("events-") }.map { "\(directory)/\($0)" }
    guard !paths.isEmpty else { throw Silence("there is no log in \(directory)") }
  }

  package func contents() throws -> [[UInt8]] { try paths.map { try Files.read($0, atMost: 64 << 20) } }

  /// Each line with its number in its file, without its checksum, is replaced by what `change` makes of it.
  package func change(_ change: (Int, String) -> String) throws {
    for (path, bytes) in zip(paths, try contents()) {
      // Room that was made ahead holds zeros.
      let lines = bytes.prefix { $0 != 0 }.split(separator: 0x0A)
      var result: [UInt8] = []
      for (number, line) in lines.enumerated() {
        let changed = Array(change(number, String(decoding: line.dropFirst(9), as: UTF8.self)).utf8)
        result += Array(Self.hexadecimal(Self.checksum(changed)).utf8) + [0x20] + changed + [0x0A]
      }
      try Files.replace(path, with: result)
    }
  }

  /// CRC-32C, bit by bit (docs/LOG-FORMAT.md).
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }

  private static func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}
