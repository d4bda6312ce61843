import Testing

import ArrobaSupervision

@Suite struct OutputRingTests {
  @Test("What was put in comes out, numbered from the first byte")
  func plain() {
    let memory = RingMemory(capacity: 16 << 10)
    let ring = memory.format()
    #expect(ring.start == 0 && ring.end == 0)
    ring.append("hello")
    ring.append(" world")
    #expect(ring.end == 11)
    #expect(ring.text(from: 0) == "hello world")
    #expect(ring.text(from: 6) == "world")
    #expect(ring.text(from: 11) == "")
    #expect(ring.text(from: 12) == "")
  }

  @Test("After many rounds the ring holds the last bytes, and start tells from where on")
  func wraps() {
    let capacity = 3 * OutputRing.longestFill + 77
    let memory = RingMemory(capacity: capacity)
    let ring = memory.format()
    var all: [UInt8] = []
    var state: UInt32 = 7
    while all.count < 20 * capacity {
      state = state &* 1_664_525 &+ 1_013_904_223
      let piece = (0..<Int(state >> 20)).map { UInt8(truncatingIfNeeded: $0 &+ Int(state)) }
      ring.append(piece)
      all += piece
      #expect(ring.end == UInt64(all.count))
      #expect(ring.end - ring.start == UInt64(min(all.count, capacity - OutputRing.longestFill)))
      #expect(ring.bytes(from: ring.start) == Array(all[Int(ring.start)...]))
    }
    #expect(ring.bytes(from: ring.start - 1) == [])
  }

  @Test("A read that is under way has not touched what start still promises")
  func promise() {
    let memory = RingMemory(capacity: 2 * OutputRing.longestFill)
    let ring = memory.format()
    let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 % 251) }
    for chunk in stride(from: 0, to: bytes.count, by: 1000) {
      ring.append(Array(bytes[chunk..<chunk + 1000]))
      _ = ring.fill { _ in
        #expect(ring.bytes(from: ring.start) == Array(bytes[Int(ring.start)..<chunk + 1000]))
        return -1
      }
    }
  }

  @Test("A limit is kept, also over the wrap")
  func limited() {
    let memory = RingMemory(capacity: 2 * OutputRing.longestFill)
    let ring = memory.format()
    for _ in 0..<3 { ring.append([UInt8](repeating: 1, count: 4000)) }
    #expect(ring.bytes(from: ring.start, atMost: 10).count == 10)
    #expect(ring.bytes(from: ring.end - 3, atMost: 10).count == 3)
    #expect(ring.bytes(from: ring.start, atMost: 0).count == 0)
  }

  @Test(
    "A ring that another process formatted is mapped with its content, size and marks; other memory is none")
  func mapping() throws {
    let memory = RingMemory(capacity: 10_000)
    #expect(OutputRing(mapping: memory.base, count: memory.count, owner: nil) == nil)
    let ring = memory.format()
    ring.append("abc")
    ring.size = (132, 43)
    ring.taken = 2
    let mapped = try #require(OutputRing(mapping: memory.base, count: memory.count, owner: nil))
    #expect(mapped.capacity == 10_000 && mapped.end == 3 && mapped.size == (132, 43) && mapped.taken == 2)
    #expect(mapped.text(from: 0) == "abc")
    #expect(OutputRing(mapping: memory.base, count: memory.count - 1, owner: nil) == nil)
    #expect(OutputRing(mapping: memory.base, count: 4096, owner: nil) == nil)
  }

  @Test("Bytes that were read but not counted when the process was killed are counted by the next one")
  func cutAfterTheRead() {
    for count in [0, 1, 2, 100, 4095, 4096] {
      let memory = RingMemory(capacity: 3 * OutputRing.longestFill)
      let ring = memory.format()
      ring.append([UInt8](repeating: 65, count: 5000))
      let piece = (0..<count).map { UInt8(97 + $0 % 26) }
      var atTheKill: [UInt8] = []
      _ = ring.fill { room in
        let taken = min(count, room.count)
        room.copyBytes(from: piece.prefix(taken))
        atTheKill = memory.bytes
        return -1
      }
      memory.bytes = atTheKill
      #expect(ring.end == 5000)
      #expect(ring.recoverCutFill() == min(count, 3 * 4096 - 5000))
      #expect(ring.bytes(from: 5000) == Array(piece.prefix(3 * 4096 - 5000)))
      #expect(ring.recoverCutFill() == 0)
    }
  }

  @Test("A fill that was cut before its read, or after all was done, changes nothing")
  func cutElsewhere() {
    let memory = RingMemory(capacity: 3 * OutputRing.longestFill)
    let ring = memory.format()
    ring.append("before")
    #expect(ring.recoverCutFill() == 0)
    var atTheKill: [UInt8] = []
    _ = ring.fill { _ in
      atTheKill = memory.bytes
      return 0
    }
    memory.bytes = atTheKill
    #expect(ring.recoverCutFill() == 0)
    #expect(ring.text(from: 0) == "before")
    ring.append(" after")
    #expect(ring.text(from: 0) == "before after")
  }

  @Test("A fill that counted its bytes and was cut before it could say that it was done counts them once")
  func cutAfterTheCount() {
    let memory = RingMemory(capacity: 3 * OutputRing.longestFill)
    let ring = memory.format()
    var header: [UInt8] = []
    _ = ring.fill { room in
      room.copyBytes(from: Array("abc".utf8))
      header = Array(memory.bytes[24..<40])
      return 3
    }
    memory.bytes.replaceSubrange(24..<40, with: header)
    #expect(ring.recoverCutFill() == 0)
    #expect(ring.end == 3)
  }

  @Test("A ring whose reader may miss nothing says when another read would overwrite what was not taken")
  func untaken() {
    let memory = RingMemory(capacity: 4 * OutputRing.longestFill)
    let ring = memory.format()
    var reads = 0
    while ring.hasRoomBesideUntaken {
      ring.append([UInt8](repeating: UInt8(reads), count: OutputRing.longestFill))
      reads += 1
    }
    #expect(reads == 3)
    #expect(ring.start <= ring.taken)
    ring.taken = 4096
    #expect(ring.hasRoomBesideUntaken)
    ring.append([UInt8](repeating: 9, count: OutputRing.longestFill))
    #expect(ring.start <= ring.taken && !ring.hasRoomBesideUntaken)
  }
}

/// Memory as a process finds it: zero at first, and to be looked at or put back byte for byte.
final class RingMemory {
  let base: UnsafeMutableRawPointer
  let count: Int
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    count = OutputRing.memoryNeeded(capacity: capacity)
    base = .allocate(byteCount: count, alignment: 4096)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: count)
  }

  deinit { base.deallocate() }

  func format() -> OutputRing { OutputRing(formatting: base, capacity: capacity, owner: self) }

  var bytes: [UInt8] {
    get { Array(UnsafeRawBufferPointer(start: base, count: count)) }
    set { UnsafeMutableRawBufferPointer(start: base, count: count).copyBytes(from: newValue) }
  }
}

extension OutputRing {
  func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }
  func append(_ text: String) { append(Array(text.utf8)) }

  func bytes(from offset: UInt64, atMost limit: Int = .max) -> [UInt8] {
    withBytes(from: offset, atMost: limit) { Array($0) + Array($1) }
  }

  func text(from offset: UInt64) -> String { String(decoding: bytes(from: offset), as: UTF8.self) }
}
