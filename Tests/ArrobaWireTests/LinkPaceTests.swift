import ArrobaWire
import Testing

@Suite("How much is sent ahead to a client that says what it has taken")
struct LinkPaceTests {
  /// Sends all that there is room for and hears of it so much later, again and again.
  private static func flood(_ pace: inout LinkPace, rounds: Int, from startMs: Int, tookMs: Int) -> Int {
    var now = startMs
    var total = pace.underWay
    for _ in 0..<rounds {
      total += pace.room
      pace.send(pace.room, nowMs: now)
      now += tookMs
      pace.take(upTo: total, nowMs: now)
    }
    return total
  }

  @Test("What is under way has a limit from the first byte on")
  func first() {
    var pace = LinkPace()
    #expect(pace.room == LinkPace.firstAhead && pace.mostBehind == LinkPace.mostAhead)
    pace.send(LinkPace.firstAhead, nowMs: 0)
    #expect(pace.room == 0 && pace.underWay == LinkPace.firstAhead)
    pace.take(upTo: 1000, nowMs: 1)
    #expect(pace.room == 1000)
  }

  @Test("A link that takes all at once is filled further and further, to a limit")
  func fast() {
    var pace = LinkPace()
    _ = Self.flood(&pace, rounds: 10, from: 0, tookMs: 30)
    #expect(pace.ahead == LinkPace.mostAhead && !pace.isSlow)
  }

  @Test(
    "A link on which bytes come later than the first ones is filled less and less, and what is behind is given up"
  )
  func slow() {
    var pace = LinkPace()
    pace.send(100, nowMs: 0)
    pace.take(upTo: 100, nowMs: 40)
    pace.send(LinkPace.firstAhead, nowMs: 100)
    pace.take(upTo: 100 + LinkPace.firstAhead, nowMs: 100 + 91)
    #expect(pace.isSlow && pace.ahead == LinkPace.firstAhead / 2 && pace.mostBehind == pace.ahead)
    var total = 100 + LinkPace.firstAhead
    for round in 1...9 {
      total += pace.room
      pace.send(pace.room, nowMs: round * 1000)
      pace.take(upTo: total, nowMs: round * 1000 + 91)
    }
    #expect(pace.ahead == LinkPace.leastAhead)
  }

  @Test(
    "So much later than the fastest is not late; one millisecond more is",
    arguments: [(90, false), (91, true)])
  func tolerance(tookMs: Int, isSlow: Bool) {
    var pace = LinkPace()
    pace.send(100, nowMs: 0)
    pace.take(upTo: 100, nowMs: 40)
    pace.send(100, nowMs: 1000)
    pace.take(upTo: 200, nowMs: 1000 + tookMs)
    #expect(pace.isSlow == isSlow)
  }

  @Test("A link that is fast again is no slow one any more, once all has been taken")
  func recovers() {
    var pace = LinkPace()
    pace.send(100, nowMs: 0)
    pace.take(upTo: 100, nowMs: 1)
    pace.send(100, nowMs: 10)
    pace.take(upTo: 200, nowMs: 500)
    #expect(pace.isSlow)
    pace.send(100, nowMs: 600)
    pace.take(upTo: 300, nowMs: 601)
    #expect(!pace.isSlow)
  }

  @Test("Who sends little learns nothing about more")
  func little() {
    var pace = LinkPace()
    for round in 0..<20 {
      pace.send(10, nowMs: round * 10)
      pace.take(upTo: (round + 1) * 10, nowMs: round * 10 + 1)
    }
    #expect(pace.ahead == LinkPace.firstAhead)
  }

  @Test(
    "More than was sent, or less than before, is not believed", arguments: [201, 200, 100, 0, Int.max, -1])
  func lies(total: Int) {
    var pace = LinkPace()
    pace.send(200, nowMs: 0)
    pace.take(upTo: 150, nowMs: 1)
    pace.take(upTo: total, nowMs: 2)
    #expect(pace.underWay == (total == 200 ? 0 : 50))
  }
}
