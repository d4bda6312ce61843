/// What a person did at the keyboard.
package enum Key: Equatable, Sendable {
  /// Printable characters, in the order in which they were typed.
  case text(String)
  /// What a terminal says was pasted and not typed.
  case paste(String)
  case enter
  /// Alt-Enter, Shift-Enter where a terminal tells it, Ctrl-J.
  case newline
  case tab, backTab, escape
  case backspace, delete
  case left, right, up, down, home, end, pageUp, pageDown
  case wordLeft, wordRight
  /// Ctrl and a letter (lower case) or a sign.
  case control(Character)
  /// Alt and a character.
  case meta(Character)
  case metaBackspace
}
