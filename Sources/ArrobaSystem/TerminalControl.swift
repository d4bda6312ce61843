internal import CPty
internal import Glibc

/// What can be asked of a terminal from its own end, and the one wait that start-up needs.
extension Descriptor {
  /// Sets the terminal's size; its programs in the foreground are told by SIGWINCH where it changes.
  @discardableResult
  package func setWindowSize(columns: UInt16, rows: UInt16) -> Bool {
    arroba_set_size(raw, columns, rows) == 0
  }

  package var windowSize: (columns: UInt16, rows: UInt16)? {
    var columns: UInt16 = 0
    var rows: UInt16 = 0
    return arroba_get_size(raw, &columns, &rows) == 0 ? (columns, rows) : nil
  }

  /// The process group in the terminal's foreground; nil where there is none.
  package var foregroundGroup: Int32? {
    let group = arroba_foreground_group(raw)
    return group > 0 ? group : nil
  }

  /// Waits until there is something to read, or the other side has gone. For start-up, never on a running loop.
  package func waitReadable(atMostMs: Int) -> Bool {
    var wanted = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
    return retryingInterrupted { poll(&wanted, 1, Int32(clamping: atMostMs)) } > 0
  }
}
