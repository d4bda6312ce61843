/// Something a program said beside the screen.
package enum ScreenSignal: Equatable, Sendable {
  case bell
  case title(String)
  /// OSC 9, 99 and 777.
  case notification(title: String, body: String)
  /// OSC 133.
  case prompt(PromptMark)
  /// OSC 7: the working directory, as an address.
  case directory(String)
}

/// Where a shell's line begins and ends (OSC 133).
package enum PromptMark: Equatable, Sendable {
  case promptStart
  case inputStart
  case outputStart
  case finished(status: Int?)
}

extension Emulation {
  /// What is kept of signals that nobody fetches: beyond it the newest are dropped.
  private static let mostSignals = 256
  static let longestNote = 4096

  mutating func signal(_ signal: ScreenSignal) {
    // A program that beeps or retitles without end says nothing new each time.
    if let last = signals.last {
      if last == signal { return }
      if case .title = last, case .title = signal { signals.removeLast() }
    }
    if signals.count < Self.mostSignals { signals.append(signal) }
  }

  private func note(_ text: ArraySlice<UInt8>) -> String {
    String(decoding: text.prefix(Self.longestNote), as: UTF8.self)
  }

  /// OSC 9: a notification, unless a number says that it is one of ConEmu's commands (progress is 4).
  mutating func notify(_ text: ArraySlice<UInt8>) {
    let digits = text.prefix { $0 >= 0x30 && $0 <= 0x39 }
    let isCommand =
      !digits.isEmpty && digits.count < 3 && (digits.count == text.count || text[digits.endIndex] == 0x3B)
    if !isCommand { signal(.notification(title: "", body: note(text))) }
  }

  /// OSC 99: metadata, then the text; a payload that is not the title is the body.
  mutating func notifyKitty(_ text: ArraySlice<UInt8>) {
    guard let border = text.firstIndex(of: 0x3B) else { return }
    let metadata = text[..<border].split(separator: 0x3A).map { String(decoding: $0, as: UTF8.self) }
    if metadata.contains("p=body") {
      signal(.notification(title: "", body: note(text[(border + 1)...])))
    } else if !metadata.contains(where: { $0.hasPrefix("p=") && $0 != "p=title" }) {
      signal(.notification(title: note(text[(border + 1)...]), body: ""))
    }
  }

  /// OSC 777 ; notify ; title ; body.
  mutating func notifyUrxvt(_ text: ArraySlice<UInt8>) {
    let parts = text.split(separator: 0x3B, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].elementsEqual("notify".utf8) else { return }
    signal(.notification(title: note(parts[1]), body: parts.count > 2 ? note(parts[2]) : ""))
  }

  mutating func promptMark(_ text: ArraySlice<UInt8>) {
    let parts = text.split(separator: 0x3B, omittingEmptySubsequences: false)
    switch parts.first?.first {
    case 0x41: signal(.prompt(.promptStart))
    case 0x42: signal(.prompt(.inputStart))
    case 0x43: signal(.prompt(.outputStart))
    case 0x44:
      let status = parts.count > 1 ? Int(String(decoding: parts[1], as: UTF8.self)) : nil
      signal(.prompt(.finished(status: status)))
    default: break
    }
  }
}
