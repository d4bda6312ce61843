/// The text that is being typed, and where in it the next character goes. Knows keys, and neither screen nor terminal.
package struct LineEditor: Equatable {
  /// What a key asks of whoever holds the editor.
  package enum Action: Equatable {
    case none
    /// The text is finished, and the editor empty again.
    case submit(String)
    case complete
    /// Ctrl-C. `isOnText`: there was text, which is gone now.
    case interrupt(isOnText: Bool)
    /// Ctrl-D where there is nothing to delete.
    case leave
    case cycle
    case suspend
    case redraw
  }

  /// A search through the history, from the newest entry back.
  package struct Search: Equatable {
    package var words = ""
    /// The entry that has them; nil: none has.
    package var found: Int?
    let draft: String
  }

  package var before = ""
  package var after = ""
  package var history = InputHistory()
  package internal(set) var search: Search?
  /// What was cut last.
  var cut = ""
  /// Whether the last key cut: then the next cut joins it.
  var isCutting = false
  /// Where a walk from line to line wants to stand.
  var wishedColumn: Int?

  package init() {}

  package var text: String { before + after }
  package var isEmpty: Bool { before.isEmpty && after.isEmpty }

  package mutating func set(_ text: String) {
    before = text
    after = ""
  }

  /// Text as it goes into the line: line breaks as one sign, nothing that a terminal would obey.
  package static func clean(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var afterReturn = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": if !afterReturn { result.append("\n") }
      case "\r": result.append("\n")
      case "\t": result.append("\t")
      default: if scalar.value >= 0x20 && !(0x7F..<0xA0 ~= scalar.value) { result.append(scalar) }
      }
      afterReturn = scalar == "\r"
    }
    return String(result)
  }

  // MARK: moving

  package mutating func left() {
    guard let last = before.popLast() else { return }
    after.insert(last, at: after.startIndex)
  }

  package mutating func right() {
    guard !after.isEmpty else { return }
    before.append(after.removeFirst())
  }

  /// To the beginning of the word that the cursor is in or behind.
  package mutating func wordLeft() { move(back: wordBack) }
  package mutating func wordRight() { move(forth: wordForth) }
  package mutating func lineStart() { move(back: before.reversed().prefix { $0 != "\n" }.count) }
  package mutating func lineEnd() { move(forth: after.prefix { $0 != "\n" }.count) }

  private mutating func move(back count: Int) {
    let tail = String(before.suffix(count))
    before.removeLast(count)
    after = tail + after
  }

  private mutating func move(forth count: Int) {
    let head = String(after.prefix(count))
    after.removeFirst(count)
    before += head
  }

  private static func isOfWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  /// How many characters it is back to the beginning of a word.
  var wordBack: Int {
    let gap = before.reversed().prefix { !Self.isOfWord($0) }.count
    return gap + before.reversed().dropFirst(gap).prefix { Self.isOfWord($0) }.count
  }

  var wordForth: Int {
    let gap = after.prefix { !Self.isOfWord($0) }.count
    return gap + after.dropFirst(gap).prefix { Self.isOfWord($0) }.count
  }

  /// One line up or down within the text, in the same column as far as there is one; false: there is no such line.
  mutating func vertical(up: Bool) -> Bool {
    let column = wishedColumn ?? Clean.cells(String(before.reversed().prefix { $0 != "\n" }.reversed()))
    if up {
      guard before.contains("\n") else { return false }
      lineStart()
      left()
      lineStart()
    } else {
      guard after.contains("\n") else { return false }
      lineEnd()
      right()
    }
    let line = String(after.prefix { $0 != "\n" })
    move(forth: Self.characters(of: line, cells: column))
    wishedColumn = column
    return true
  }

  private static func characters(of line: String, cells: Int) -> Int {
    var width = 0
    var count = 0
    for character in line {
      width += Clean.cells(EditorView.shown(character))
      guard width <= cells else { break }
      count += 1
    }
    return count
  }

  // MARK: changing

  package mutating func insert(_ text: String) { before += Self.clean(text) }

  package mutating func backspace() { _ = before.popLast() }
  package mutating func delete() { if !after.isEmpty { after.removeFirst() } }

  mutating func cutBack(_ count: Int) {
    keep(String(before.suffix(count)), inFront: true)
    before.removeLast(count)
  }

  mutating func cutForth(_ count: Int) {
    keep(String(after.prefix(count)), inFront: false)
    after.removeFirst(count)
  }

  private mutating func keep(_ text: String, inFront: Bool) {
    cut = !isCutting ? text : inFront ? text + cut : cut + text
  }

  /// Exchanges the two characters before the cursor (at the end), or those around it.
  mutating func transpose() {
    if after.isEmpty || after.first == "\n" { left() }
    guard let left = before.popLast() else { return right() }
    guard !after.isEmpty else { return before.append(left) }
    before.append(after.removeFirst())
    before.append(left)
  }
}
