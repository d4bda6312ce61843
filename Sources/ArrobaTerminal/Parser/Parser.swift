/// The escape-sequence state machine, after Paul Williams: bytes in, calls on the emulation out.
///
/// At rest it sees only text, which it hands on in runs. Any cut of the input and any bytes are allowed.
struct Parser {
  enum State: Equatable {
    case ground
    case escape
    case control
    case controlIntermediate
    case controlIgnored
    case string(StringKind)
  }

  /// The strings that end at ST; what they mean is decided when they are whole.
  enum StringKind: UInt8 {
    case operatingSystem = 0x5D
    case device = 0x50
    case startOfString = 0x58
    case privacy = 0x5E
    case application = 0x5F
  }

  /// Longer strings are dropped whole: titles, links, notifications and queries are all shorter.
  static let longestString = 1 << 16
  /// How much of an unfinished sequence is kept for a repaint.
  private static let longestPrefix = 1 << 16

  private(set) var state = State.ground
  private var decoder = UTF8Decoder()
  private var parameters = Parameters()
  private var marker: UInt8 = 0
  private var intermediates: UInt16 = 0
  private var intermediateCount = 0
  private var text: [UInt8] = []
  private var textIsTooLong = false
  /// An ESC was seen inside a string: the next byte tells whether it was its end.
  private var sawEscape = false

  /// Where in the current buffer the unfinished sequence began, and what earlier buffers brought of it.
  private var start = 0
  private var prefix: [UInt8] = []

  /// Whether the next byte begins something new.
  var isAtRest: Bool { state == .ground && decoder.isIdle }

  mutating func feed(_ bytes: UnsafeRawBufferPointer, to screen: inout Emulation) {
    guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
    let count = bytes.count
    var index = 0
    start = 0
    while index < count {
      if state == .ground, decoder.isIdle {
        index = text(base, index, count, &screen)
      } else if state == .control, decoder.isIdle {
        index = numbers(base, index, count, &screen)
      } else {
        step(base[index], at: index, &screen)
        index += 1
      }
    }
    keepPrefix(UnsafeBufferPointer(start: base, count: count))
  }

  /// Reads text up to the first byte that leaves the ground state, and that byte too.
  private mutating func text(
    _ base: UnsafePointer<UInt8>, _ from: Int, _ count: Int, _ screen: inout Emulation
  ) -> Int {
    var index = from
    while index < count {
      let byte = base[index]
      if byte &- 0x20 < 0x5F {
        let end = Self.endOfRun(base, index + 1, count)
        screen.printASCII(base + index, end - index)
        index = end
      } else if byte >= 0x80 {
        index = multibyte(base, index, count, &screen)
        if !isAtRest { return index }
      } else if byte == 0x1B {
        return introduce(base, index, count)
      } else {
        if byte != 0x7F { screen.control(byte) }
        index += 1
      }
    }
    return index
  }

  /// An ESC, and with it the `[` behind it, which is what follows it nearly always.
  @inline(__always)
  private mutating func introduce(_ base: UnsafePointer<UInt8>, _ index: Int, _ count: Int) -> Int {
    guard index + 1 < count, base[index + 1] == 0x5B else {
      begin(.escape, at: index)
      return index + 1
    }
    begin(.control, at: index)
    marker = 0
    parameters.begin()
    return index + 2
  }

  /// One character of two bytes or more; what is malformed gives U+FFFD.
  private mutating func multibyte(
    _ base: UnsafePointer<UInt8>, _ from: Int, _ count: Int, _ screen: inout Emulation
  ) -> Int {
    let first = base[from]
    if first >= 0xE1, from + 3 < count {
      let second = UInt32(base[from + 1]) ^ 0x80
      let third = UInt32(base[from + 2]) ^ 0x80
      let fourth = UInt32(base[from + 3]) ^ 0x80
      if first <= 0xEC, second | third < 0x40 {
        screen.print(UInt32(first & 0x0F) << 12 | second << 6 | third)
        return from + 3
      }
      if first >= 0xF1 && first <= 0xF3 || first == 0xF0 && second >= 0x10, second | third | fourth < 0x40 {
        screen.print(UInt32(first & 0x07) << 18 | second << 12 | third << 6 | fourth)
        return from + 4
      }
    } else if first >= 0xC3, first <= 0xDF, from + 1 < count {
      let second = UInt32(base[from + 1]) ^ 0x80
      if second < 0x40 {
        screen.print(UInt32(first & 0x1F) << 6 | second)
        return from + 2
      }
    }
    var index = from
    forgetPrefix()
    start = from
    while index < count {
      step(base[index], at: index, &screen)
      index += 1
      if decoder.isIdle { return index }
    }
    return index
  }

  private mutating func step(_ byte: UInt8, at index: Int, _ screen: inout Emulation) {
    if !decoder.isIdle || byte >= 0x80 {
      if decoder.isIdle, state == .ground { begin(.ground, at: index) }
      switch decoder.take(byte) {
      case .more: return
      case .scalar(let scalar): return take(scalar, at: index, &screen)
      case .malformed: return take(0xFFFD, at: index, &screen)
      case .malformedBefore:
        take(0xFFFD, at: index, &screen)
        if state == .ground { begin(.ground, at: index) }
        return step(byte, at: index, &screen)
      }
    }
    switch state {
    case .ground: ground(byte, at: index, &screen)
    case .escape: escape(byte, at: index, &screen)
    case .control, .controlIntermediate, .controlIgnored: control(byte, at: index, &screen)
    case .string(let kind): string(byte, kind, at: index, &screen)
    }
  }

  private mutating func begin(_ next: State, at index: Int) {
    state = next
    start = index
    forgetPrefix()
    intermediates = 0
    intermediateCount = 0
  }

  @inline(__always) private mutating func forgetPrefix() {
    if !prefix.isEmpty { prefix.removeAll(keepingCapacity: true) }
  }

  private mutating func ground(_ byte: UInt8, at index: Int, _ screen: inout Emulation) {
    if byte == 0x1B {
      begin(.escape, at: index)
    } else if byte < 0x20 {
      screen.control(byte)
    } else if byte != 0x7F {
      screen.print(UInt32(byte))
    }
  }

  /// A decoded character above ASCII, in whatever state.
  private mutating func take(_ scalar: UInt32, at index: Int, _ screen: inout Emulation) {
    if case .string = state {
      sawEscape = false
      return collect(scalar)
    }
    // C1 controls written as UTF-8 are nothing at all, as in xterm.
    if scalar < 0xA0 { return }
    guard state == .ground else {
      // Not part of any sequence: the sequence is given up, and the character with it.
      state = .ground
      return
    }
    screen.print(scalar)
  }

  private mutating func escape(_ byte: UInt8, at index: Int, _ screen: inout Emulation) {
    if byte < 0x20 { return controlInSequence(byte, at: index, &screen) }
    if byte < 0x30 { return intermediate(byte) }
    if byte == 0x7F { return }
    if intermediateCount == 0 {
      if byte == 0x5B {
        state = .control
        marker = 0
        parameters.begin()
        return
      }
      if let kind = StringKind(rawValue: byte) {
        state = .string(kind)
        text.removeAll(keepingCapacity: true)
        textIsTooLong = false
        sawEscape = false
        return
      }
    }
    state = .ground
    if intermediateCount <= 2 { screen.escape(byte, intermediates) }
  }

  private mutating func intermediate(_ byte: UInt8) {
    intermediateCount += 1
    if intermediateCount <= 2 { intermediates = intermediates << 8 | UInt16(byte) }
  }

  /// C0 inside a sequence acts at once; CAN and SUB end it, ESC begins another.
  private mutating func controlInSequence(_ byte: UInt8, at index: Int, _ screen: inout Emulation) {
    if byte == 0x1B { return begin(.escape, at: index) }
    if byte == 0x18 || byte == 0x1A { state = .ground }
    screen.control(byte)
  }

  /// The inside of a control sequence in a tight loop; returns behind what it took.
  private mutating func numbers(
    _ base: UnsafePointer<UInt8>, _ from: Int, _ count: Int, _ screen: inout Emulation
  ) -> Int {
    var index = from
    while index < count {
      let byte = base[index]
      if byte &- 0x30 < 10 {
        parameters.digit(byte)
      } else if byte == 0x3B || byte == 0x3A {
        parameters.separator(isPart: byte == 0x3A)
      } else if byte >= 0x40, byte < 0x7F {
        state = .ground
        screen.control(sequence: byte, marker, 0, parameters)
        return index + 1
      } else {
        step(byte, at: index, &screen)
        return index + 1
      }
      index += 1
    }
    return index
  }

  private mutating func control(_ byte: UInt8, at index: Int, _ screen: inout Emulation) {
    if byte < 0x20 { return controlInSequence(byte, at: index, &screen) }
    if byte == 0x7F { return }
    if byte >= 0x40 {
      let isKnown = state != .controlIgnored && intermediateCount <= 2
      state = .ground
      if isKnown { screen.control(sequence: byte, marker, intermediates, parameters) }
      return
    }
    if byte < 0x30 {
      if state == .control { state = .controlIntermediate }
      return intermediate(byte)
    }
    guard state == .control else {
      state = .controlIgnored
      return
    }
    if byte >= 0x3C {
      if parameters.count == 0, marker == 0 { marker = byte } else { state = .controlIgnored }
    } else if byte >= 0x3A {
      parameters.separator(isPart: byte == 0x3A)
    } else {
      parameters.digit(byte)
    }
  }

  private mutating func string(
    _ byte: UInt8, _ kind: StringKind, at index: Int, _ screen: inout Emulation
  ) {
    if sawEscape {
      sawEscape = false
      if byte == 0x5C { return finish(kind, &screen) }
      // The string was broken off by another sequence, which began one byte ago.
      begin(.escape, at: max(0, index - 1))
      if index == 0 { prefix = [0x1B] }
      return escape(byte, at: index, &screen)
    }
    switch byte {
    case 0x1B: sawEscape = true
    case 0x18, 0x1A: state = .ground
    case 0x07 where kind == .operatingSystem: finish(kind, byBell: true, &screen)
    case 0x00..<0x20: break
    default: collect(UInt32(byte))
    }
  }

  private mutating func collect(_ scalar: UInt32) {
    guard text.count < Self.longestString else {
      textIsTooLong = true
      return
    }
    UTF8Encoding.append(scalar, to: &text)
  }

  private mutating func finish(_ kind: StringKind, byBell: Bool = false, _ screen: inout Emulation) {
    state = .ground
    let whole = textIsTooLong ? [] : text
    if text.capacity > 4096 { text = [] }
    switch kind {
    case .operatingSystem: screen.operatingSystem(whole, byBell: byBell)
    case .device: screen.device(whole)
    case .startOfString, .privacy, .application: screen.interrupt()
    }
  }

  private mutating func keepPrefix(_ bytes: UnsafeBufferPointer<UInt8>) {
    if isAtRest {
      if prefix.capacity > 0 { prefix = [] }
      return
    }
    let room = Self.longestPrefix - prefix.count
    prefix.append(contentsOf: bytes[start...].prefix(max(0, room)))
    if case .string = state { return }
    // C0 inside a sequence has acted already and must not act again.
    if let first = prefix.first { prefix = [first] + prefix.dropFirst().filter { $0 >= 0x20 && $0 != 0x7F } }
  }

  /// The bytes of the sequence or character that is not complete yet; empty at rest.
  ///
  /// A string too long to be kept is stood in for by one that nobody acts on, so that its end ends that.
  var unfinished: [UInt8] {
    if isAtRest { return [] }
    guard prefix.count >= Self.longestPrefix, case .string(let kind) = state else { return prefix }
    return kind == .operatingSystem ? Array("\u{1B}]7777;".utf8) : [0x1B, 0x5E]
  }
}
