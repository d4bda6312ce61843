import ArrobaClient
import ArrobaJSON
import ArrobaSystem
import ArrobaTerminal
import ArrobaTestSupport
import ArrobaWire
import Synchronization
import Testing

@testable import ArrobaCLI

/// What is attached to has a size of its own, and so has who attaches.
extension AttachTests {
  @Test("A terminal of another size is shown as a cut-out")
  func cutOut() throws {
    let seat = try SeatUnderTest.terminal(columns: 30, rows: 5)
    var options = Attaching()
    options.isView = true
    let outcome = try attach(
      options, at: seat, Self.large,
      lane: { lane, number in
        #expect(number == 1, "one connection will do")
        // Painted from nothing, then what the program writes for sixty columns.
        try lane.send(
          TerminalFrame.screen(at: 0, Array("\u{18}\u{1B}[H\u{1B}[2Jfirst\u{1B}[20;1Hprompt $ ".utf8)))
        try lane.output("\u{1B}[2;50Hfar\u{1B}[18;1Hnear\u{1B}[20;10H")
        try lane.await(.detach)
        try lane.awaitEnd()
      },
      user: { seat, _ in
        // The cursor is at the bottom, so that is what is seen.
        try Deadline.until("the cut-out") {
          _ = seat.sees("")
          return self.shown(seat.seen, columns: 30, rows: 5) == ["", "", "near", "", "prompt $"]
        }
        try seat.type("q")
      })
    #expect(outcome.code == 0 && !outcome.screen.contains("far"))
    seat.close()
  }

  @Test("When the terminal takes the user's size, its whole state is painted, and bytes pass as they come")
  func cutOutEnds() throws {
    let seat = try SeatUnderTest.terminal(columns: 30, rows: 5)
    let outcome = try attach(
      at: seat, Self.large,
      lane: { lane, _ in
        try lane.send(TerminalFrame.screen(at: 0, Array("\u{18}\u{1B}[H\u{1B}[2J\u{1B}[?2004h12345".utf8)))
        try lane.awaitInput("x")
        // Who typed leads.
        try lane.send(TerminalFrame.resize(columns: 30, rows: 5))
        try lane.awaitInput("xy")
        try lane.output("\u{1B}[31mraw")
        try lane.send(TerminalFrame.exit(0))
        try lane.awaitEnd()
      },
      user: { seat, _ in
        try seat.wait(for: "12345")
        #expect(!seat.seen.contains("2004h"), "nothing is set for who does not lead")
        try seat.type("x")
        try seat.wait(for: "2004h")
        try seat.type("y")
      })
    #expect(outcome.screen.hasSuffix("\u{1B}[31mraw" + LeaveSequence.text))
    let left = outcome.screen.dropLast(LeaveSequence.text.count)
    #expect(shown(String(left), columns: 30, rows: 5)[0] == "12345raw")
    seat.close()
  }

  @Test(
    "A window that is drawn to another size stays as it is while the terminal follows, else it is cut out")
  func drawn() throws {
    let seat = try SeatUnderTest.pipe()
    let view = UserScreen(ScreenWriter(to: seat.seat.output))
    let (own, other) = (Size(80, 24), Size(100, 30))
    #expect(!view.adapt(terminal: own, own: own, nowMs: 0) && view.dueMs == nil)
    #expect(!view.adapt(terminal: own, own: other, nowMs: 1000) && view.dueMs == 1150)
    #expect(!view.adapt(terminal: own, own: other, nowMs: 1149))
    // It followed in time.
    #expect(!view.adapt(terminal: other, own: other, nowMs: 1149) && view.dueMs == nil)
    #expect(!view.adapt(terminal: own, own: other, nowMs: 2000))
    #expect(view.adapt(terminal: own, own: other, nowMs: 2150), "now it is asked for")
    #expect(!view.adapt(terminal: own, own: other, nowMs: 9000) && view.dueMs == nil, "once")
    view.repaintBegins(own)
    #expect(view.dueMs != nil)
    // Without a terminal of the user's there is nothing to fit.
    #expect(!view.adapt(terminal: own, own: nil, nowMs: 9000) && view.dueMs == nil)
  }

  @Test("Another size of the user's terminal is told when it is taken up again, and the first one at once")
  func size() throws {
    let seat = try SeatUnderTest.terminal(columns: 100, rows: 30)
    let sizes = Mutex([[Int]]())
    _ = try attach(
      at: seat,
      lane: { lane, number in
        if number == 1 { return }
        try lane.await(.resize)
        sizes.withLock { $0 = lane.sizes }
        try lane.send(TerminalFrame.exit(0))
        try lane.awaitEnd()
      }, user: { _, _ in })
    #expect(sizes.withLock { $0 } == [[100, 30]])
    seat.close()
  }

  @Test(
    "Output that fills the screen's pipe waits there; the daemon is not read for meanwhile, and nothing is lost"
  )
  func flood() throws {
    let seat = try SeatUnderTest.terminal()
    let total = 1 << 20
    let outcome = try attach(
      at: seat,
      lane: { lane, _ in
        let line = String(repeating: "x", count: 1023) + "\n"
        for _ in 0..<(total / 1024) { try lane.output(line) }
        try lane.send(TerminalFrame.exit(0))
        try lane.awaitEnd()
      },
      user: { seat, _ in try seat.wait(for: LeaveSequence.text) })
    #expect(
      outcome.screen.utf8.count == AttachLoop.room(rows: 24).utf8.count + total
        + LeaveSequence.text.utf8.count)
    seat.close()
  }
}
