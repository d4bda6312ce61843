import ArrobaTerminal
import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

/// The bottom of the screen, drawn onto the project's own model of a terminal.
@Suite("The bottom of the screen")
struct StageTests {
  private func scene(_ rows: [String], cursor: (row: Int, column: Int) = (0, 0)) -> Stage.Scene {
    var scene = Stage.Scene()
    scene.rows = rows.map { Stage.Row($0, cells: Clean.cells($0)) }
    (scene.cursorRow, scene.cursorColumn) = cursor
    return scene
  }

  private func shown(_ screen: borrowing Screen, history: Int = 0) -> [String] {
    var rows = screen.textRows(history: history)
    while rows.last == "" { rows.removeLast() }
    return rows
  }

  @Test("Finished lines stay above, the scene is drawn anew below, and the cursor stands in it")
  func draw() {
    var screen = Screen(columns: 20, rows: 6, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    var stage = Stage(columns: 20)
    screen.feed(Array("$ arroba\r\n".utf8))
    screen.feed(Array(stage.draw(scene(["status", "> one"], cursor: (1, 5))).utf8))
    #expect(shown(screen) == ["$ arroba", "status", "> one"])
    #expect(screen.cursor.row == 2 && screen.cursor.column == 5)
    screen.feed(Array(stage.draw(scene(["> "], cursor: (0, 2)), below: ["first", "second"]).utf8))
    #expect(shown(screen) == ["$ arroba", "first", "second", ">"])
    screen.feed(Array(stage.draw(scene(["a", "b", "> xy", "hint"], cursor: (2, 4)), below: ["third"]).utf8))
    #expect(shown(screen, history: 9) == ["$ arroba", "first", "second", "third", "a", "b", "> xy", "hint"])
    #expect(screen.cursor.row == 4 && screen.cursor.column == 4)
    screen.feed(Array((stage.clear() + "bye").utf8))
    #expect(shown(screen, history: 9) == ["$ arroba", "first", "second", "third", "bye"])
    #expect(screen.cursor.isVisible && screen.modes[2026] == false)
  }

  @Test("What does not change is not drawn")
  func nothing() {
    var stage = Stage(columns: 20)
    #expect(stage.draw(scene(["> "])) != "" && stage.draw(scene(["> "])) == "")
    #expect(stage.draw(scene(["> "]), below: ["x"]) != "")
    stage.forget()
    #expect(stage.draw(scene(["> "])) != "" && stage.clear() != "" && stage.clear() == "")
  }

  @Test(
    "A terminal that became narrower has broken our rows: all of them go, and nothing above",
    arguments: [5, 7, 10, 15, 30])
  func narrower(columns: Int) {
    var screen = Screen(columns: 20, rows: 20, scrollbackLimit: 100, scrollbackBytes: 1 << 20)
    var stage = Stage(columns: 20)
    screen.feed(Array("above\r\n".utf8))
    let rows = ["a row of 19 cells..", "> twelve cells", "  and"]
    screen.feed(Array(stage.draw(scene(rows, cursor: (1, 13)), below: ["line"]).utf8))
    screen.resize(columns: columns, rows: 20)
    stage.resize(columns: columns)
    screen.feed(Array(stage.draw(scene(["> x"], cursor: (0, 3)), below: ["next"]).utf8))
    #expect(shown(screen) == ["above", "line", "next", "> x"])
  }

  @Test("Random scenes and lines come out as they went in")
  func anything() {
    var random = SeededGenerator(seed: 31)
    var screen = Screen(columns: 12, rows: 8, scrollbackLimit: 1000, scrollbackBytes: 1 << 20)
    var stage = Stage(columns: 12)
    var lines: [String] = []
    func word() -> String {
      ["a", "漢字", "👍🏽", "x y", "\u{1B}[2mf\u{1B}[0m"][Int.random(in: 0..<4, using: &random)]
    }
    for number in 0..<400 {
      let fresh = (0..<Int.random(in: 0...3, using: &random)).map { "\(number).\($0) \(word())" }
      let rows = (0..<Int.random(in: 1...6, using: &random)).map { _ in "> \(word())" }
      let row = Int.random(in: 0..<rows.count, using: &random)
      screen.feed(Array(stage.draw(scene(rows, cursor: (row, 2)), below: fresh).utf8))
      lines += fresh
      let all = shown(screen, history: 900)
      #expect(all.suffix(rows.count) == rows[...], "\(number)")
      #expect(Array(all.dropLast(rows.count).suffix(20)) == Array(lines.suffix(20)), "\(number)")
    }
  }
}
