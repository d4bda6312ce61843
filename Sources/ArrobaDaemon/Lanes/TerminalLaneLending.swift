internal import ArrobaKernel
internal import ArrobaSystem
internal import ArrobaTerminal
internal import ArrobaWire

/// The client's own terminal, while it is lent (docs/PROTOCOL.md).
extension TerminalLaneClient {
  var fits: Bool { (columns, rows) == (terminal.columns, terminal.rows) }

  func heed(_ payload: [UInt8]) {
    switch payload.first.flatMap({ TerminalFrame.Lending(rawValue: $0) }) {
    case .offers:
      let given = passed
      passed = nil
      guard case .none = lending else { return }
      guard drives, fits, !needsRepaint, exit == nil, let given,
        let screen = LentTerminal(given, drained: { [weak self] in self?.pump() })
      else { return connection.send(TerminalFrame.lendingDeclined) }
      lending = .offered(screen)
      tellOffsets()
    case .lends:
      guard case .offered(let screen) = lending else { return }
      lending = .lent(screen)
      pump()
    case .lendsWithKeys:
      guard case .offered(let screen) = lending else { return }
      // Words that are no keys, or a terminal that may not be read: then not at all.
      guard let keys = try? DetachKeys(String(decoding: payload.dropFirst(), as: UTF8.self)),
        screen.readKeys(keys, { [weak self] in self?.hear($0) })
      else {
        dropTerminal()
        connection.send(TerminalFrame.lendingDeclined)
        return pump()
      }
      lending = .lent(screen)
      pump()
    case .takesBack: giveBack()
    case nil: notice("a T frame says 0, 1, 2 or 3")
    }
  }

  /// From here on the client gets frames again, and writes to its terminal itself.
  func giveBack() {
    switch lending {
    case .none: return
    case .offered: break
    case .lent(let screen):
      if screen.isHalfPainted { needsRepaint = true }
      let held = screen.endKeys()
      if !held.isEmpty { type(held) }
    }
    dropTerminal()
    holdBack()
    tellOffsets()
    pump()
  }

  func dropTerminal() {
    switch lending {
    case .none: return
    case .offered(let screen), .lent(let screen): screen.close()
    }
    lending = .none
  }

  private func tellOffsets() {
    // What waits for the program is with us, and nobody need send it again.
    let input = terminal.entered(by: self) + UInt64(untyped.count)
    connection.send(TerminalFrame.lending(upTo: offset, input: input))
  }

  // MARK: what is typed there

  private static let mostUntyped = 64 << 10

  var readsKeys: Bool {
    if case .lent(let screen) = lending { return screen.readsKeys }
    return false
  }

  private func hear(_ heard: LentKeys.Heard) {
    switch heard {
    case .typed(let bytes): type(bytes)
    case .detached:
      giveBack()
      connection.send(TerminalFrame.encode(.detach))
    }
  }

  /// Who types more than the program takes is made to wait: at the lent terminal late, so that the keys that detach are
  /// found behind what waits.
  func holdBack() {
    guard case .lent(let screen) = lending, screen.readsKeys else {
      return connection.pauseReading(!untyped.isEmpty)
    }
    screen.pauseKeys(untyped.count > Self.mostUntyped)
    connection.pauseReading(false)
  }
}
