/// Collects the bytes of a repaint and knows the state they leave a terminal in.
struct Painter {
  private(set) var bytes: [UInt8] = []
  private var style = Style.plain
  private var isProtected = false
  /// The glyph printed last, while nothing came between: what follows might join it.
  private(set) var last: UInt32 = 0

  mutating func raw(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    last = 0
  }

  mutating func raw(_ more: [UInt8]) {
    bytes.append(contentsOf: more)
    last = 0
  }

  mutating func control(_ text: String) { raw("\u{1B}[" + text) }

  mutating func move(row: Int, column: Int) {
    if column == 0 {
      control(row == 0 ? "H" : "\(row + 1)H")
    } else {
      control("\(row + 1);\(column + 1)H")
    }
  }

  /// To the beginning of the next line without taking a background there.
  mutating func nextLine() {
    if !style.background.isStandard { set(.plain, link: []) }
    raw("\r\n")
  }

  mutating func set(_ new: Style, link: [UInt8]) {
    guard new != style else { return }
    if new.link != style.link {
      raw(link.isEmpty ? Array("\u{1B}]8;;".utf8) : Array("\u{1B}]8;".utf8) + link)
      raw("\u{1B}\\")
    }
    var from = style
    var to = new
    from.link = 0
    to.link = 0
    if from != to { control(Rendition.change(from: from, to: to) + "m") }
    style = new
  }

  mutating func protect(_ isOn: Bool) {
    guard isOn != isProtected else { return }
    isProtected = isOn
    control(isOn ? "1\"q" : "0\"q")
  }

  mutating func print(_ glyph: UInt32, _ clusters: ClusterTable) {
    if glyph == 0 {
      bytes.append(0x20)
    } else {
      clusters.expand(glyph) { UTF8Encoding.append($0, to: &bytes) }
    }
    last = glyph == 0 ? 0x20 : glyph
  }
}
