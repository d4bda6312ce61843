import Testing

import ArrobaSupervision

/// What a daemon that takes over knows of the line that its predecessor was writing.
@Suite struct LineLedgerTests {
  private func makeLedger() -> (RingMemory, LineLedger) {
    let memory = RingMemory(capacity: 8192)
    return (memory, LineLedger(of: memory.format()))
  }

  @Test("A line is in once its last byte is, and then it is the last one by its mark")
  func whole() {
    let (_, ledger) = makeLedger()
    #expect(ledger.progress == .whole && ledger.lastMark == 0)
    ledger.begin(10, mark: 7)
    #expect(ledger.progress == .part(0) && ledger.mark == 7)
    #expect(ledger.write(10) { 4 } == 4)
    #expect(ledger.progress == .part(4) && ledger.lastMark == 0)
    #expect(ledger.write(6) { 6 } == 6)
    #expect(ledger.progress == .whole && ledger.lastMark == 7)
    ledger.begin(3, mark: 0)
    #expect(ledger.write(3) { 3 } == 3)
    #expect(ledger.progress == .whole && ledger.lastMark == 7 && ledger.mark == 0)
  }

  @Test("A pipe that takes nothing leaves the line where it was")
  func full() {
    let (_, ledger) = makeLedger()
    ledger.begin(10, mark: 7)
    #expect(ledger.write(10) { 0 } == 0)
    #expect(ledger.progress == .part(0))
  }

  @Test(
    "Killed in the middle of a write, a short line is in or not, and a longer one may be in partly",
    arguments: [(1, LineLedger.Progress.unknown), (4096, .unknown), (4097, .unknownPart)])
  func killed(length: Int, progress: LineLedger.Progress) {
    let (_, ledger) = makeLedger()
    ledger.begin(length, mark: 9)
    var seen: [LineLedger.Progress] = []
    _ = ledger.write(length) {
      seen.append(ledger.progress)
      return length
    }
    #expect(seen == [progress])
    #expect(ledger.lastMark == 9)
  }

  @Test("Killed in the middle of the second piece of a line, part of it is in")
  func killedLater() {
    let (_, ledger) = makeLedger()
    ledger.begin(20, mark: 9)
    _ = ledger.write(20) { 5 }
    var seen: [LineLedger.Progress] = []
    _ = ledger.write(15) {
      seen.append(ledger.progress)
      return 0
    }
    #expect(seen == [.unknownPart])
  }

  @Test("That a stretch is cut is known to the next one")
  func cut() {
    let (_, ledger) = makeLedger()
    #expect(!ledger.isCut)
    ledger.isCut = true
    #expect(ledger.isCut)
  }
}
