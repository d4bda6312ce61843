/// Finds the detach keys in what is typed, however it is cut, and hands on everything else unchanged.
///
/// Nothing pasted (between the marks of a bracketed paste) detaches. A key that begins the detach keys is held until
/// the next one shows whether they are meant; if not, both are handed on.
package struct DetachMatcher {
  package struct Outcome: Equatable {
    package var forward: [UInt8] = []
    package var isDetached = false
  }

  private let keys: [DetachKeys.Key]
  private let firstByte: UInt8?
  /// How many of the keys have been seen, and their bytes.
  private var matched = 0
  private var held: [UInt8] = []
  /// The beginning of an escape sequence whose rest has not come, and how much of it was handed on already.
  private var partial: [UInt8] = []
  private var partialForwarded = 0
  private var isInPaste = false
  /// How many bytes of the mark that ends a paste have been seen.
  private var pasteEndSeen = 0

  private static let pasteEnd: [UInt8] = Array("\u{1B}[201~".utf8)

  package init(_ keys: DetachKeys) { self.init(keys.keys) }

  private init(_ keys: [DetachKeys.Key]) {
    self.keys = keys
    firstByte = keys.first?.byte
  }

  /// Whether `flush` should be called if nothing more comes soon.
  ///
  /// Also where all of it was handed on: a key that comes much later is no part of an Escape before it.
  package var isUndecided: Bool { !partial.isEmpty }

  /// Whether nothing of what came before has a say in what comes next.
  package var isAtRest: Bool { partial.isEmpty && held.isEmpty && !isInPaste }

  /// What was held back until more came, where nothing more comes this way.
  package mutating func surrender() -> [UInt8] {
    defer { self = DetachMatcher(keys) }
    return held + partial[partialForwarded...]
  }

  package mutating func feed(_ chunk: ArraySlice<UInt8>) -> Outcome {
    if keys.isEmpty || isPlain(chunk) { return Outcome(forward: Array(chunk)) }
    var outcome = Outcome()
    let bytes = partial + chunk
    // What of `bytes` has been handed on before must not be again.
    let sent = partialForwarded
    partial = []
    partialForwarded = 0
    var position = 0
    while position < bytes.count && !outcome.isDetached {
      if isInPaste {
        let end = pasteEnd(in: bytes, from: position)
        outcome.forward += bytes[max(position, sent)..<end]
        position = end
        continue
      }
      switch KeyToken.read(bytes[position...]) {
      case .incomplete:
        keep(bytes[position...], alreadySent: max(0, sent - position), &outcome)
        position = bytes.count
      case .token(let token):
        let end = position + token.count
        judge(token.meaning, bytes[min(max(position, sent), end)..<end], &outcome)
        position = end
      }
    }
    return outcome
  }

  /// Nothing followed in time: what looked like the beginning of a sequence was a key by itself.
  package mutating func flush() -> Outcome {
    var outcome = Outcome()
    guard isUndecided else { return outcome }
    let meaning = partial == [0x1B] ? KeyToken.Meaning.key(.escape) : .other
    let rest = partial[partialForwarded...]
    partial = []
    partialForwarded = 0
    judge(meaning, rest, &outcome)
    return outcome
  }

  /// Most input by far: nothing is pending, and neither an escape sequence nor the first detach key is in it.
  private func isPlain(_ chunk: ArraySlice<UInt8>) -> Bool {
    guard matched == 0, partial.isEmpty, !isInPaste, let firstByte else { return false }
    return chunk.withUnsafeBufferPointer { buffer in
      for byte in buffer where byte == 0x1B || byte == firstByte { return false }
      return true
    }
  }

  private mutating func keep(_ rest: ArraySlice<UInt8>, alreadySent: Int, _ outcome: inout Outcome) {
    partial = Array(rest)
    partialForwarded = alreadySent
    // A lone Escape is handed on at once: whoever presses it waits for it. Unless it may begin the detach keys.
    let mayBegin = matched > 0 || keys[0].isAlt || keys[0] == .escape
    guard partial.count == 1, !mayBegin, partialForwarded == 0 else { return }
    outcome.forward.append(0x1B)
    partialForwarded = 1
  }

  private mutating func judge(
    _ meaning: KeyToken.Meaning, _ bytes: ArraySlice<UInt8>, _ outcome: inout Outcome
  ) {
    switch meaning {
    case .key(let key):
      if key != keys[matched] { release(&outcome) }
      guard key == keys[matched] else {
        outcome.forward += bytes
        return
      }
      matched += 1
      held += bytes
      guard matched == keys.count else { return }
      outcome.isDetached = true
      matched = 0
      held = []
    case .neutral:
      if matched > 0 { held += bytes } else { outcome.forward += bytes }
    case .pasteBegins:
      release(&outcome)
      outcome.forward += bytes
      isInPaste = true
      pasteEndSeen = 0
    case .other:
      release(&outcome)
      outcome.forward += bytes
    }
  }

  private mutating func release(_ outcome: inout Outcome) {
    outcome.forward += held
    held = []
    matched = 0
  }

  /// Where the paste's end mark ends, or the end of the bytes.
  private mutating func pasteEnd(in bytes: [UInt8], from start: Int) -> Int {
    for index in start..<bytes.count {
      if bytes[index] == Self.pasteEnd[pasteEndSeen] {
        pasteEndSeen += 1
      } else {
        pasteEndSeen = bytes[index] == 0x1B ? 1 : 0
      }
      if pasteEndSeen == Self.pasteEnd.count {
        isInPaste = false
        return index + 1
      }
    }
    return bytes.count
  }
}
