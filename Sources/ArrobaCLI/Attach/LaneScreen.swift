/// What a terminal lane is shown on, or written to.
protocol LaneScreen: AnyObject {
  /// The program's output, or a piece of a repaint.
  func write(_ bytes: UnsafeRawBufferPointer)
  /// Bytes that paint a terminal of that size from nothing are about to come.
  func repaintBegins(_ terminal: Size)
  /// From here on the program writes for that size.
  func terminalBecame(_ size: Size)
}
