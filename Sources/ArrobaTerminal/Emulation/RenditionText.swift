/// SGR parameters for a style.
enum Rendition {
  /// From nothing: begins with 0.
  static func text(_ style: Style) -> String {
    (["0"] + attributes(style.attributes) + colours(style)).joined(separator: ";")
  }

  /// As answers have it: colours beyond the sixteen with `:`, as the standard says.
  static func report(_ style: Style) -> String {
    let parts = [reported(style.foreground, 30, 90, 38), reported(style.background, 40, 100, 48)].joined()
    let rest = style.underlineColour.isStandard ? [] : [underline(style.underlineColour)]
    return (["0"] + attributes(style.attributes) + parts + rest).joined(separator: ";")
  }

  private static func reported(
    _ colour: Colour, _ low: UInt32, _ high: UInt32, _ extended: UInt32
  ) -> [String] {
    if let index = colour.paletteIndex, index >= 16 { return ["\(extended):5:\(index)"] }
    guard let rgb = colour.rgb else { return self.colour(colour, low, high, extended) }
    return ["\(extended):2::\(rgb >> 16):\(rgb >> 8 & 0xFF):\(rgb & 0xFF)"]
  }

  static func colours(_ style: Style) -> [String] {
    colour(style.foreground, 30, 90, 38) + colour(style.background, 40, 100, 48)
      + (style.underlineColour.isStandard ? [] : [underline(style.underlineColour)])
  }

  static func colour(_ colour: Colour, _ low: UInt32, _ high: UInt32, _ extended: UInt32) -> [String] {
    if let index = colour.paletteIndex {
      if index < 8 { return ["\(low + index)"] }
      if index < 16 { return ["\(high + index - 8)"] }
      return ["\(extended);5;\(index)"]
    }
    guard let rgb = colour.rgb else { return [] }
    return ["\(extended);2;\(rgb >> 16);\(rgb >> 8 & 0xFF);\(rgb & 0xFF)"]
  }

  private static func underline(_ colour: Colour) -> String {
    if let index = colour.paletteIndex { return "58:5:\(index)" }
    let rgb = colour.rgb ?? 0
    return "58:2::\(rgb >> 16):\(rgb >> 8 & 0xFF):\(rgb & 0xFF)"
  }

  static func attributes(_ attributes: Attributes) -> [String] {
    var codes: [String] = []
    if attributes.contains(.bold) { codes.append("1") }
    if attributes.contains(.faint) { codes.append("2") }
    if attributes.contains(.italic) { codes.append("3") }
    switch attributes.underline {
    case .none: break
    case .single: codes.append("4")
    case .double: codes.append("21")
    case .curly, .dotted, .dashed: codes.append("4:\(attributes.underline.rawValue)")
    }
    if attributes.contains(.blink) { codes.append("5") }
    if attributes.contains(.inverse) { codes.append("7") }
    if attributes.contains(.invisible) { codes.append("8") }
    if attributes.contains(.strike) { codes.append("9") }
    if attributes.contains(.overline) { codes.append("53") }
    return codes
  }

  /// The shorter of what leads from one style to the other and what leads there from nothing.
  static func change(from old: Style, to new: Style) -> String {
    let whole = new == .plain ? "" : text(new)
    let removed = old.attributes.subtracting(new.attributes)
    let losesUnderline = old.attributes.underline != .none && new.attributes.underline == .none
    guard removed.plainBits == 0, !losesUnderline else { return whole }
    var codes: [String] = []
    var added = new.attributes.subtracting(old.attributes)
    added.underline = new.attributes.underline == old.attributes.underline ? .none : new.attributes.underline
    codes += attributes(added)
    if old.foreground != new.foreground {
      codes += new.foreground.isStandard ? ["39"] : colour(new.foreground, 30, 90, 38)
    }
    if old.background != new.background {
      codes += new.background.isStandard ? ["49"] : colour(new.background, 40, 100, 48)
    }
    if old.underlineColour != new.underlineColour {
      codes.append(new.underlineColour.isStandard ? "59" : underline(new.underlineColour))
    }
    let difference = codes.joined(separator: ";")
    return difference.utf8.count <= whole.utf8.count ? difference : whole
  }
}

extension Attributes {
  /// The switches without the kind of underline.
  var plainBits: UInt16 { rawValue & 0xFF }
}
