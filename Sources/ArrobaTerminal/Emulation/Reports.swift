/// Answers to a program's questions. They are dropped while a client's own terminal answers.
extension Emulation {
  /// What is kept of answers that nobody fetches.
  private static let longestAnswers = 1 << 16
  static let version = "arroba(0.1.0)"

  /// Adds an answer, its ESC and letter in one byte where the program asked for 8-bit controls.
  mutating func answer(_ text: String) {
    guard answersQueries, answers.count < Self.longestAnswers else { return }
    guard answersInEightBits else { return answers.append(contentsOf: text.utf8) }
    var bytes = Array(text.utf8)
    var index = 0
    while index + 1 < bytes.count {
      if bytes[index] == 0x1B, (0x40...0x5F).contains(bytes[index + 1]) {
        bytes.replaceSubrange(index...index + 1, with: [bytes[index + 1] + 0x40])
      }
      index += 1
    }
    answers.append(contentsOf: bytes)
  }

  /// DA1: what xterm says as a VT525, so that programs take the same road here as there.
  mutating func primaryAttributes() { answer("\u{1B}[?65;1;2;6;9;15;16;17;18;21;22;28;29c") }
  mutating func secondaryAttributes() { answer("\u{1B}[>65;379;0c") }
  mutating func tertiaryAttributes() { if level >= 4 { answer("\u{1B}P!|00000000\u{1B}\\") } }
  mutating func reportVersion() { answer("\u{1B}P>|\(Self.version)\u{1B}\\") }

  /// DECREQTPARM.
  mutating func reportParameters(_ kind: Int) {
    if kind <= 1 { answer("\u{1B}[\(kind + 2);1;1;128;128;1;0x") }
  }

  /// DSR.
  mutating func reportStatus(_ what: Int) {
    switch what {
    case 5: answer("\u{1B}[0n")
    case 6: answer("\u{1B}[\(reportedRow + 1);\(reportedColumn + 1)R")
    default: break
    }
  }

  /// DSR with `?`.
  mutating func reportPrivateStatus(_ parameters: Parameters) {
    switch parameters.value(0) {
    case 5: answer("\u{1B}[?0n")
    case 6: answer("\u{1B}[?\(reportedRow + 1);\(reportedColumn + 1)\(level >= 4 ? ";1" : "")R")
    case 15: if level >= 2 { answer("\u{1B}[?13n") }
    case 25: if level >= 2 { answer("\u{1B}[?20n") }
    case 26: if level >= 2 { answer("\u{1B}[?27;1" + (level >= 4 ? ";0;0" : level == 3 ? ";0" : "") + "n") }
    case 53, 55: if level >= 3 { answer("\u{1B}[?50n") }
    case 56: if level >= 3 { answer("\u{1B}[?57;0n") }
    case 62: if level >= 4 { answer("\u{1B}[0000*{") }
    case 63: if level >= 4 { answer("\u{1B}P\(parameters.value(1))!~0000\u{1B}\\") }
    case 75: if level >= 4 { answer("\u{1B}[?70n") }
    case 85: if level >= 4 { answer("\u{1B}[?83n") }
    case 996: answer("\u{1B}[?997;1n")
    default: break
    }
  }

  /// DECRQM, which came with the VT300.
  mutating func reportMode(_ number: Int, isPrivate: Bool) {
    guard level >= 3 else { return }
    let state = state(ofMode: isPrivate ? number : -number).rawValue
    answer("\u{1B}[\(isPrivate ? "?" : "")\(number);\(state)$y")
  }

  /// CSI t: sizes, titles and their stack. Nothing that would change a size or a window is done here.
  mutating func windowOperation(_ parameters: Parameters) {
    let pixels = (cellPixels.width, cellPixels.height)
    switch parameters.value(0) {
    case 11: answer("\u{1B}[1t")
    case 13: answer("\u{1B}[3;0;0t")
    case 14: answer("\u{1B}[4;\(rows * pixels.1);\(columns * pixels.0)t")
    case 15: answer("\u{1B}[5;\(rows * pixels.1);\(columns * pixels.0)t")
    case 16: answer("\u{1B}[6;\(pixels.1);\(pixels.0)t")
    case 18: answer("\u{1B}[8;\(rows);\(columns)t")
    case 19: answer("\u{1B}[9;\(rows);\(columns)t")
    case 20: answer("\u{1B}]L\(titles.encode(titles.icon))\u{1B}\\")
    case 21: answer("\u{1B}]l\(titles.encode(titles.window))\u{1B}\\")
    case 22: titles.push(parameters.value(1))
    case 23:
      let old = titles.window
      titles.pop(parameters.value(1))
      if titles.window != old { signal(.title(titles.window)) }
    default: break
    }
  }

  /// DECRQSS: the setting that a control function left, as its parameters.
  mutating func reportSetting(_ what: ArraySlice<UInt8>) {
    guard level >= 2 else { return }
    let setting: String?
    switch String(decoding: what, as: UTF8.self) {
    case "m": setting = Rendition.report(pen.style) + "m"
    case "r": setting = "\(margins.top + 1);\(margins.bottom + 1)r"
    case "s": setting = "\(margins.left + 1);\(margins.right + 1)s"
    case "t": setting = "\(max(24, rows))t"
    case "$|": setting = "\(columns)$|"
    case "*|": setting = "\(rows)*|"
    case " q": setting = "\(cursorShape) q"
    case "\"p":
      setting = conformance == 61 ? "61\"p" : "\(conformance);\(answersInEightBits ? 0 : 1)\"p"
    case "\"q": setting = "\(pen.isProtected && protection == .dec ? 1 : 0)\"q"
    case "*x": setting = "\(changeExtent)*x"
    // There is no status line.
    case "$}", "$~": setting = "0" + String(decoding: what, as: UTF8.self)
    default: setting = nil
    }
    guard let setting else { return answer("\u{1B}P0$r\u{1B}\\") }
    answer("\u{1B}P1$r\(setting)\u{1B}\\")
  }

  /// XTGETTCAP: names in hexadecimal, each answered alone.
  mutating func reportCapabilities(_ names: ArraySlice<UInt8>) {
    for name in names.split(separator: 0x3B).prefix(64) {
      let known: String?
      switch String(decoding: Hexadecimal.decode(name), as: UTF8.self) {
      case "TN", "name": known = "xterm-256color"
      case "Co", "colors": known = "256"
      case "RGB": known = "8/8/8"
      default: known = nil
      }
      // A name that is none is not answered with: what is answered is typed into a program.
      let isName = name.count % 2 == 0 && name.allSatisfy { Hexadecimal.digit($0) != nil }
      let key = isName ? String(decoding: name, as: UTF8.self) : ""
      if let known {
        answer("\u{1B}P1+r\(key)=\(Hexadecimal.encode(known.utf8))\u{1B}\\")
      } else {
        answer("\u{1B}P0+r\(key)\u{1B}\\")
      }
    }
  }
}
