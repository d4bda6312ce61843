/// What a screen costs.
extension Screen {
  /// Bytes held in buffers: cells, scrollback, tables. Allocators round up a little.
  package var footprint: Int {
    MemoryLayout<Emulation>.size + MemoryLayout<Parser>.size + emulation.grid.footprint
      + emulation.hidden.footprint + emulation.scrollback.byteCount + emulation.styles.footprint
      + emulation.clusters.footprint + emulation.links.footprint + emulation.columns
      + emulation.answers.capacity + emulation.copied.utf8.count + emulation.signals.capacity
      * MemoryLayout<ScreenSignal>.stride
  }
}

extension Grid {
  fileprivate var footprint: Int {
    var bytes = count * MemoryLayout<Row>.stride
    for row in 0..<count { bytes += Int(rows[row].capacity) * MemoryLayout<Cell>.stride }
    return bytes
  }
}
