/// A line of a conversation: whose it is, what it says, how it looks. Its text has no control characters.
package struct ShownLine: Equatable, Sendable {
  /// Whose line it is, where several are shown, all names of the same width; and the name's colour.
  package struct Gutter: Equatable, Sendable {
    package let name: String
    package let style: Style

    package init(_ name: String, _ style: Style) {
      self.name = name
      self.style = style
    }

    static let mark = " | "

    package var cells: Int { Clean.cells(name) + Gutter.mark.utf8.count }
  }

  package var gutter: Gutter?
  package var text: String
  package var style: Style?

  package init(_ text: String, _ style: Style? = nil, gutter: Gutter? = nil) {
    self.text = text
    self.style = style
    self.gutter = gutter
  }

  package func text(usesColour: Bool) -> String {
    let words = usesColour ? style?.paint(text) ?? text : text
    guard let gutter else { return words }
    let name = gutter.name + Gutter.mark
    return (usesColour ? gutter.style.paint(name) : name) + words
  }

  /// As many rows as it needs in that width.
  package func rows(width: Int) -> [ShownLine] {
    Wrap.rows(text, width: max(1, width - (gutter?.cells ?? 0))).map { row in
      var shown = self
      shown.text = row
      return shown
    }
  }
}

extension Style {
  /// The colours by which agents are told from one another.
  package static let ofAgents: [Style] = [.cyan, .magenta, .blue, .green, .yellow]

  package func paint(_ text: String) -> String {
    text.isEmpty ? text : "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
  }
}
