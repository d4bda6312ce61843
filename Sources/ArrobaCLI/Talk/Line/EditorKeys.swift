/// What each key does to the line that is being typed.
extension LineEditor {
  package mutating func press(_ key: Key) -> Action {
    let wasCutting = isCutting
    let column = wishedColumn
    isCutting = false
    wishedColumn = nil
    if search != nil { return pressSearching(key) }
    switch key {
    case .text(let text): insert(text)
    case .paste(let text): insert(text)
    case .enter: return enter()
    case .newline: insert("\n")
    case .tab: return .complete
    case .backspace: backspace()
    case .delete: delete()
    case .left: left()
    case .right: right()
    case .wordLeft: wordLeft()
    case .wordRight: wordRight()
    case .home: lineStart()
    case .end: lineEnd()
    case .up, .down:
      wishedColumn = column
      walk(up: key == .up)
    case .metaBackspace:
      isCutting = wasCutting
      cutBack(wordBack)
      isCutting = true
    case .control(let letter): return pressControl(letter, wasCutting)
    case .meta(let letter): pressMeta(letter, wasCutting)
    case .backTab, .escape, .pageUp, .pageDown: break
    }
    return .none
  }

  /// Up and down go through the lines of the text, and beyond them through the history.
  private mutating func walk(up: Bool) {
    if vertical(up: up) { return }
    if let entry = up ? history.earlier(than: text) : history.later() { set(entry) }
  }

  private mutating func enter() -> Action {
    if after.isEmpty, before.last == "\\" {
      before.removeLast()
      insert("\n")
      return .none
    }
    let finished = text
    set("")
    history.rest()
    return .submit(finished)
  }

  private mutating func pressControl(_ letter: Character, _ wasCutting: Bool) -> Action {
    switch letter {
    case "a": return .cycle
    case "b": left()
    case "c":
      let isOnText = !isEmpty
      set("")
      history.rest()
      return .interrupt(isOnText: isOnText)
    case "d":
      guard !isEmpty else { return .leave }
      delete()
    case "e": lineEnd()
    case "f": right()
    case "k", "u", "w":
      isCutting = wasCutting
      cutByControl(letter)
      isCutting = true
    case "l": return .redraw
    case "n": walk(up: false)
    case "p": walk(up: true)
    case "r": search = Search(draft: text)
    case "t": transpose()
    case "y": insert(cut)
    case "z": return .suspend
    default: break
    }
    return .none
  }

  private mutating func cutByControl(_ letter: Character) {
    switch letter {
    case "k":
      let rest = after.prefix { $0 != "\n" }.count
      // At the end of a line the break itself goes.
      cutForth(rest == 0 && !after.isEmpty ? 1 : rest)
    case "u":
      let rest = before.reversed().prefix { $0 != "\n" }.count
      cutBack(rest == 0 && !before.isEmpty ? 1 : rest)
    default:
      // To the space before the word, as in a shell.
      let gap = before.reversed().prefix { $0.isWhitespace }.count
      cutBack(gap + before.reversed().dropFirst(gap).prefix { !$0.isWhitespace }.count)
    }
  }

  private mutating func pressMeta(_ letter: Character, _ wasCutting: Bool) {
    switch letter {
    case "b": wordLeft()
    case "f": wordRight()
    case "d":
      isCutting = wasCutting
      cutForth(wordForth)
      isCutting = true
    case "<":
      after = text
      before = ""
    case ">": set(text)
    default: break
    }
  }

  // MARK: searching

  private mutating func pressSearching(_ key: Key) -> Action {
    guard var now = search else { return .none }
    switch key {
    case .text(let text), .paste(let text):
      now.words += Self.clean(text)
      now.found = history.last(with: now.words, before: now.found.map { $0 + 1 })
    case .control("r"): now.found = history.last(with: now.words, before: now.found) ?? now.found
    case .backspace:
      guard !now.words.isEmpty else { break }
      now.words.removeLast()
      now.found = history.last(with: now.words, before: nil)
    case .control("c"), .control("g"), .escape:
      set(now.draft)
      search = nil
      return .none
    default:
      // Any other key takes what was found, and then does what it does.
      search = nil
      return press(key)
    }
    search = now
    if let found = now.found { set(history.entries[found]) }
    return .none
  }
}
