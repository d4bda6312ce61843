import Testing

import ArrobaSupervision

@Suite struct InputLedgerTests {
  private func makeLedger() -> (RingMemory, InputLedger) {
    let memory = RingMemory(capacity: 8192)
    return (memory, InputLedger(of: memory.format()))
  }

  @Test("The ledger counts what each attachment has entered")
  func counts() {
    let (_, ledger) = makeLedger()
    ledger.open("t_one", nowMs: 10)
    ledger.open("t_two", nowMs: 11)
    #expect(ledger.write(5, of: "t_one", nowMs: 20) { 5 } == 5)
    #expect(ledger.write(5, of: "t_one", nowMs: 21) { 2 } == 2)
    #expect(ledger.write(5, of: "t_two", nowMs: 22) { 0 } == 0)
    #expect(ledger.entry(named: "t_one") == .init(name: "t_one", accepted: 7, seenMs: 21, unknown: 0))
    #expect(ledger.entry(named: "t_two") == .init(name: "t_two", accepted: 0, seenMs: 22, unknown: 0))
    #expect(ledger.entry(named: "t_on") == nil && ledger.entry(named: "") == nil)
  }

  @Test("A write of an attachment that is not in the ledger is made, and not counted")
  func stranger() {
    let (_, ledger) = makeLedger()
    #expect(ledger.write(3, of: "t_x", nowMs: 1) { 3 } == 3)
    #expect(ledger.entry(named: "t_x") == nil)
  }

  @Test("The attachment unused for longest gives way to a new one, and leaves nothing behind")
  func replaces() {
    let (_, ledger) = makeLedger()
    for number in 0..<InputLedger.capacity { ledger.open("t_\(number)", nowMs: UInt64(100 + number)) }
    _ = ledger.write(9, of: "t_1", nowMs: 101) { 9 }
    ledger.touch("t_0", nowMs: 1000)
    ledger.open("a-name-of-24-bytes-so-on", nowMs: 1001)
    #expect(ledger.entry(named: "t_1") == nil)
    #expect(ledger.entry(named: "t_0") != nil)
    let newest = ledger.entry(named: "a-name-of-24-bytes-so-on")
    #expect(newest == .init(name: "a-name-of-24-bytes-so-on", accepted: 0, seenMs: 1001, unknown: 0))
    ledger.close("t_0")
    #expect(ledger.entry(named: "t_0") == nil)
  }

  @Test("A write during which the process was killed counts as entered and as unknown, once")
  func cutWrite() {
    let (memory, ledger) = makeLedger()
    ledger.open("t_one", nowMs: 1)
    _ = ledger.write(10, of: "t_one", nowMs: 2) { 10 }
    var atTheKill: [UInt8] = []
    _ = ledger.write(4, of: "t_one", nowMs: 3) {
      atTheKill = memory.bytes
      return 4
    }
    #expect(ledger.recoverCutWrites() == [])
    memory.bytes = atTheKill
    #expect(ledger.recoverCutWrites() == [.init(name: "t_one", accepted: 14, seenMs: 2, unknown: 4)])
    #expect(ledger.recoverCutWrites() == [])
    _ = ledger.write(1, of: "t_one", nowMs: 4) { 1 }
    #expect(ledger.entry(named: "t_one")?.accepted == 15)
  }

  @Test("Ledger and ring do not touch each other")
  func besideTheRing() {
    let memory = RingMemory(capacity: 8192)
    let ring = memory.format()
    let ledger = InputLedger(of: ring)
    for number in 0..<InputLedger.capacity { ledger.open("t_\(number)", nowMs: 1) }
    for _ in 0..<20 { ring.append([UInt8](repeating: 0xEE, count: 4000)) }
    #expect(ring.end == 80_000)
    for number in 0..<InputLedger.capacity { #expect(ledger.entry(named: "t_\(number)")?.accepted == 0) }
  }
}
