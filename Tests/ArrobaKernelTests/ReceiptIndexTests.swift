import ArrobaKernel
import ArrobaModel
import Testing

@Suite struct ReceiptIndexTests {
  private let start = Instant(ms: 1_795_000_000_000)

  private func later(_ ms: Int) -> Instant { Instant(ms: start.ms + ms) }

  @Test("A command is known for 24 hours, and not a millisecond longer")
  func age() {
    var index = ReceiptIndex()
    index.add("c1", fingerprint: "f", seq: 7, at: start)
    #expect(index.entry("c1", now: later(ReceiptIndex.kept))?.seq == 7)
    #expect(index.entry("c1", now: later(ReceiptIndex.kept + 1)) == nil)
    #expect(index.entry("c2", now: start) == nil)
  }

  @Test("What is older than a day leaves when the next command comes")
  func forgetting() {
    var index = ReceiptIndex()
    index.add("old", fingerprint: "f", seq: 1, at: start)
    index.add("young", fingerprint: "f", seq: 2, at: later(10))
    index.add("new", fingerprint: "f", seq: 3, at: later(ReceiptIndex.kept + 1))
    #expect(index.count == 2)
    #expect(index.entry("old", now: start) == nil)
    #expect(index.entry("young", now: start)?.seq == 2)
  }

  @Test("However many commands come, a bounded number is kept, the latest")
  func bound() {
    var index = ReceiptIndex()
    for number in 0..<(ReceiptIndex.most + 5000) {
      index.add("c\(number)", fingerprint: "f", seq: UInt64(number), at: start)
    }
    #expect(index.count == ReceiptIndex.most)
    #expect(index.entry("c4999", now: start) == nil)
    #expect(index.entry("c5000", now: start)?.seq == 5000)
  }
}
