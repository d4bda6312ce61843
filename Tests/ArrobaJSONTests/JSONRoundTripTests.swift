import ArrobaJSON
import ArrobaTestSupport
import Testing

/// Random documents of a fixed seed through the writer and the reader.
@Suite struct JSONRoundTripTests {
  @Test("What is written reads back as the same value", arguments: [1, 2, 3, 4] as [UInt64])
  func roundTrip(seed: UInt64) throws {
    var source = JSONSource(seed: seed)
    for round in 0..<500 {
      let value = source.value(depth: 0)
      let encoded = value.encoded
      #expect(!encoded.contains(UInt8(ascii: "\n")))
      #expect(try JSONReader.read(encoded) == value, "round \(round) of seed \(seed)")
    }
  }

  @Test("Each proper prefix of a document is an error", arguments: [11, 12, 13] as [UInt64])
  func prefixes(seed: UInt64) throws {
    var source = JSONSource(seed: seed)
    for _ in 0..<20 {
      let encoded = JSON.array([source.value(depth: 0), source.value(depth: 0)]).encoded
      for end in 0..<min(encoded.count, 2000) {
        #expect(throws: JSONError.self) { try JSONReader.read(encoded[..<end]) }
      }
    }
  }

  @Test("A document with one byte changed is read or refused, and what is read can be written and read again")
  func mutations() throws {
    var source = JSONSource(seed: 21)
    var refused = 0
    for _ in 0..<2000 {
      var encoded = source.value(depth: 0).encoded
      let index = Int.random(in: 0..<encoded.count, using: &source.generator)
      encoded[index] = UInt8.random(in: 0...255, using: &source.generator)
      switch Result(catching: { () throws(JSONError) in try JSONReader.read(encoded) }) {
      case .success(let value): #expect(try JSONReader.read(value.encoded) == value)
      case .failure: refused += 1
      }
    }
    #expect((100..<2000).contains(refused))
  }
}

private struct JSONSource {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  mutating func value(depth: Int) -> JSON {
    switch Int.random(in: 0..<(depth < 5 ? 9 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2:
      let shift = Int.random(in: 0..<64, using: &generator)
      return .int(Int(truncatingIfNeeded: generator.next()) >> shift)
    case 3: return .double(double())
    case 4, 5: return .string(text())
    case 6, 7:
      let count = Int.random(in: 0..<5, using: &generator)
      return .array((0..<count).map { _ in value(depth: depth + 1) })
    default:
      let count = Int.random(in: 0..<5, using: &generator)
      return .object(
        JSONObject((0..<count).map { _ in JSONObject.Member(key: text(), value: value(depth: depth + 1)) }))
    }
  }

  private mutating func double() -> Double {
    let value = Double(bitPattern: generator.next())
    return value.isFinite ? value : 0.5
  }

  private mutating func text() -> String {
    let pieces = [
      "a", "\"", "\\", "\n", "\u{0}", "é", "😀", "\u{7F}", "/", " ", "\u{FFFD}", "漢", "e\u{301}",
    ]
    let count = Int.random(in: 0..<8, using: &generator)
    return (0..<count).map { _ in generator.pick(pieces) }.joined()
  }
}
