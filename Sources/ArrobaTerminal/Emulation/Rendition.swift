/// SGR: what the next characters look like.
extension Emulation {
  mutating func selectRendition(_ parameters: Parameters) {
    penIsKnown = false
    guard parameters.count > 0 else { return pen.style = Style(link: pen.style.link) }
    var index = 0
    while index < parameters.count {
      let code = parameters.value(index)
      let next = index + 1
      if code == 38 || code == 48 || code == 58 {
        index = selectColour(code, parameters, next)
      } else if parameters.isPart(next), next < parameters.count {
        index = selectPart(code, parameters, next)
      } else {
        select(code)
        index = next
      }
    }
  }

  /// `4:n`; any other code with parts means nothing here.
  private mutating func selectPart(_ code: Int, _ parameters: Parameters, _ next: Int) -> Int {
    if code == 4, let kind = Underline(rawValue: UInt16(parameters.value(next))) {
      pen.style.attributes.underline = kind
    }
    return skipParts(parameters, next)
  }

  private func skipParts(_ parameters: Parameters, _ from: Int) -> Int {
    var index = from
    while index < parameters.count, parameters.isPart(index) { index += 1 }
    return index
  }

  private mutating func select(_ code: Int) {
    switch code {
    case 0: pen.style = Style(link: pen.style.link)
    case 1: pen.style.attributes.insert(.bold)
    case 2: pen.style.attributes.insert(.faint)
    case 3: pen.style.attributes.insert(.italic)
    case 4: pen.style.attributes.underline = .single
    case 5, 6: pen.style.attributes.insert(.blink)
    case 7: pen.style.attributes.insert(.inverse)
    case 8: pen.style.attributes.insert(.invisible)
    case 9: pen.style.attributes.insert(.strike)
    case 21: pen.style.attributes.underline = .double
    case 22: pen.style.attributes.subtract([.bold, .faint])
    case 23: pen.style.attributes.remove(.italic)
    case 24: pen.style.attributes.underline = .none
    case 25: pen.style.attributes.remove(.blink)
    case 27: pen.style.attributes.remove(.inverse)
    case 28: pen.style.attributes.remove(.invisible)
    case 29: pen.style.attributes.remove(.strike)
    case 53: pen.style.attributes.insert(.overline)
    case 55: pen.style.attributes.remove(.overline)
    default: selectPalette(code)
    }
  }

  private mutating func selectPalette(_ code: Int) {
    switch code {
    case 30...37: pen.style.foreground = .palette(UInt32(code - 30))
    case 39: pen.style.foreground = .standard
    case 40...47: pen.style.background = .palette(UInt32(code - 40))
    case 49: pen.style.background = .standard
    case 59: pen.style.underlineColour = .standard
    case 90...97: pen.style.foreground = .palette(UInt32(code - 82))
    case 100...107: pen.style.background = .palette(UInt32(code - 92))
    default: break
    }
  }

  /// 38, 48 and 58, with `:` or with `;`. Returns the index behind it.
  private mutating func selectColour(_ code: Int, _ parameters: Parameters, _ next: Int) -> Int {
    if next < parameters.count, parameters.isPart(next) {
      let end = skipParts(parameters, next)
      apply(code, partedColour(parameters, next, end))
      return end
    }
    switch parameters.raw(next) {
    case 5:
      apply(code, paletteColour(next + 1 < parameters.count ? parameters.raw(next + 1) : 0))
      return next + 2
    case 2:
      let given = min(max(0, parameters.count - next - 1), 3)
      apply(code, directColour(parameters, next + 1, given))
      return next + 1 + given
    default:
      return next + 1
    }
  }

  private mutating func apply(_ code: Int, _ colour: Colour?) {
    guard let colour else { return }
    switch code {
    case 38: pen.style.foreground = colour
    case 48: pen.style.background = colour
    default: pen.style.underlineColour = colour
    }
  }

  private func paletteColour(_ index: Int) -> Colour? {
    index >= 0 && index < 256 ? .palette(UInt32(index)) : nil
  }

  /// `5:n`, `2:r:g:b`, or with a colour space `2:id:r:g:b` and what may follow.
  private func partedColour(_ parameters: Parameters, _ first: Int, _ end: Int) -> Colour? {
    switch parameters.raw(first) {
    case 5 where end > first + 1: return paletteColour(parameters.raw(first + 1))
    case 2:
      let count = end - first - 1
      guard count >= 3 else { return nil }
      return directColour(parameters, count > 3 ? first + 2 : first + 1, 3)
    default: return nil
    }
  }

  /// Three values; what is missing at the end counts as 0, an empty one or one out of range spoils the colour.
  private func directColour(_ parameters: Parameters, _ first: Int, _ count: Int) -> Colour? {
    var rgb: UInt32 = 0
    for offset in 0..<3 {
      let part = offset < count ? parameters.raw(first + offset) : 0
      guard part >= 0, part < 256 else { return nil }
      rgb = rgb << 8 | UInt32(part)
    }
    return .direct(rgb)
  }
}
