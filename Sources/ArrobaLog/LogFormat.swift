internal import ArrobaSystem

/// The lines of a segment, as bytes: pure, no files. `docs/LOG-FORMAT.md` draws them.
///
///     4f1e09ab arroba-log 1 l_k3… 1                 the first line of each segment
///     9c02d1e7 1. {"kind":"session.created",…}      checksum, sequence and mark, payload
enum LogFormat {
  /// The format that this code writes, and the newest that it reads.
  static let version = 1

  /// What follows the sequence number: where the record stands in the batch that was appended at once.
  enum Mark: UInt8 {
    case alone = 0x2E  // .
    case first = 0x28  // (
    case middle = 0x2B  // +
    case last = 0x29  // )

    init(index: Int, of count: Int) {
      if count == 1 {
        self = .alone
      } else if index == 0 {
        self = .first
      } else {
        self = index == count - 1 ? .last : .middle
      }
    }
  }

  struct Record {
    let seq: UInt64
    let mark: Mark
    let payload: UnsafeRawBufferPointer
  }

  enum Header: Equatable {
    case ours(id: String, first: UInt64)
    case newer(format: Int)
    case unreadable
  }

  /// The shortest line there can be, with its newline: checksum, space, one digit, mark, space.
  static let shortestLine = 13
  static let newline: UInt8 = 0x0A

  private static let space: UInt8 = 0x20
  private static let word = Array("arroba-log ".utf8)

  // MARK: writing

  static func header(id: String, first: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: space, count: 9)
    bytes.append(contentsOf: "arroba-log \(version) \(id) \(first)".utf8)
    seal(&bytes, from: 0)
    return bytes
  }

  /// Adds one line. The payload must not contain a newline: it would be read as two records, both damaged.
  static func append(_ payload: [UInt8], seq: UInt64, mark: Mark, to bytes: inout [UInt8]) {
    payload.withUnsafeBytes {
      precondition($0.offset(of: newline, from: 0) == nil, "the payload of record \(seq) contains a newline")
    }
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(space, count: 9))
    appendDecimal(seq, to: &bytes)
    bytes.append(mark.rawValue)
    bytes.append(space)
    bytes.append(contentsOf: payload)
    seal(&bytes, from: start)
  }

  /// Puts the checksum of the line into the eight bytes that were left for it, and ends the line.
  private static func seal(_ bytes: inout [UInt8], from start: Int) {
    var crc = bytes.withUnsafeBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[(start + 9)...])) }
    for index in stride(from: start + 7, through: start, by: -1) {
      let digit = UInt8(truncatingIfNeeded: crc & 0xF)
      bytes[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
      crc >>= 4
    }
    bytes.append(newline)
  }

  private static func appendDecimal(_ number: UInt64, to bytes: inout [UInt8]) {
    let start = bytes.count
    var left = number
    repeat {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: left % 10))
      left /= 10
    } while left > 0
    bytes[start...].reverse()
  }

  // MARK: reading

  /// What a line says, given without its newline; nil where it is not a record or its checksum does not fit.
  static func record(_ line: UnsafeRawBufferPointer) -> Record? {
    guard line.count >= shortestLine - 1, line[8] == space, let claimed = checksum(line) else { return nil }
    var at = 9
    guard let seq = decimal(line, at: &at), at + 1 < line.count, line[at + 1] == space,
      let mark = Mark(rawValue: line[at]),
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: line[9...])) == claimed
    else { return nil }
    return Record(seq: seq, mark: mark, payload: UnsafeRawBufferPointer(rebasing: line[(at + 2)...]))
  }

  /// What the first line says, given without its newline.
  ///
  /// A newer format is believed without its checksum, which may be of another kind there: a mistake then costs
  /// a refusal, never a byte.
  static func header(_ line: UnsafeRawBufferPointer) -> Header {
    var at = 9 + word.count
    guard line.count > at, line[8] == space, line[9..<at].elementsEqual(word),
      let format = decimal(line, at: &at)
    else { return .unreadable }
    if format > version { return .newer(format: Int(clamping: format)) }
    guard checksum(line) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: line[9...])) else {
      return .unreadable
    }
    let rest = String(decoding: line[at...], as: UTF8.self).split(separator: " ")
    guard format == version, rest.count == 2, let first = UInt64(rest[1]) else { return .unreadable }
    return .ours(id: String(rest[0]), first: first)
  }

  private static func checksum(_ line: UnsafeRawBufferPointer) -> UInt32? {
    var value: UInt32 = 0
    for index in 0..<8 {
      let byte = line[index]
      switch byte {
      case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
      case 0x61...0x66: value = value << 4 | UInt32(byte - 0x57)
      default: return nil
      }
    }
    return value
  }

  /// Reads digits from `at` on and moves it behind them.
  private static func decimal(_ line: UnsafeRawBufferPointer, at: inout Int) -> UInt64? {
    let start = at
    var value: UInt64 = 0
    // Nineteen digits always fit.
    while at < line.count, line[at] >= 0x30, line[at] <= 0x39, at - start < 19 {
      value = value * 10 + UInt64(line[at] - 0x30)
      at += 1
    }
    return at > start ? value : nil
  }
}
