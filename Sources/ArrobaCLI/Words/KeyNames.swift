/// Tells words that name a key from words that are text, only to guess whether `arroba type` was given a REF.
/// What the keys send is for the daemon to know.
package enum KeyNames {
  private static let names: Set<String> = [
    "enter", "return", "tab", "btab", "escape", "esc", "space", "bspace", "backspace", "up", "down", "left",
    "right",
    "home", "end", "pageup", "pagedown", "pgup", "pgdn", "ppage", "npage", "insert", "ic", "delete", "dc",
  ]

  package static func isKey(_ word: String) -> Bool {
    var rest = word[...]
    var hasModifier = false
    while rest.count > 2, rest.dropFirst().first == "-", "CMSA".contains(rest.first ?? " ") {
      rest = rest.dropFirst(2)
      hasModifier = true
    }
    if hasModifier { return rest.count == 1 || isNamed(rest) }
    return isNamed(rest)
  }

  private static func isNamed(_ word: Substring) -> Bool {
    if names.contains(word.lowercased()) { return true }
    guard word.first == "F", let number = Int(word.dropFirst()) else { return false }
    return 1...24 ~= number
  }
}
