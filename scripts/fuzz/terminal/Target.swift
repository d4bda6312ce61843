internal import Glibc

/// Any bytes: no trap, nothing beyond the limits, and a repaint into a fresh screen gives an equal one.
///
/// The first two bytes are a size, the rest is fed in the two pieces that the third byte says.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 3 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let size = (columns: 1 + Int(bytes[0]) % 60, rows: 1 + Int(bytes[1]) % 16)
  var screen = Screen(columns: size.columns, rows: size.rows, scrollbackLimit: 50, scrollbackBytes: 1 << 14)
  let stream = bytes.dropFirst(3)
  let cut = stream.startIndex + stream.count * Int(bytes[2]) / 256
  screen.feed(Array(stream[..<cut]))
  compare(screen)
  screen.feed(Array(stream[cut...]))
  compare(screen)
  precondition(
    screen.cursor.row < screen.rows && screen.cursor.column < screen.columns, "the cursor is on the screen")
  precondition(screen.historyCount <= 50 && screen.footprint < 8 << 20, "the limits hold")
  _ = screen.cells(history: 50)
  _ = screen.cutOut(columns: 7, rows: 3, isFirst: true)
  precondition(screen.takeAnswers().count < 1 << 17, "answers have a limit")
  return 0
}

private func compare(_ screen: borrowing Screen) {
  var other = Screen(
    columns: screen.columns, rows: screen.rows, scrollbackLimit: 50, scrollbackBytes: 1 << 20)
  other.feed(screen.repaint(history: 50))
  let (want, have) = (screen.inventory(), other.inventory())
  guard want != have else { return }
  print("want \(want.filter { !have.contains($0) })\nhave \(have.filter { !want.contains($0) })")
  fflush(nil)
  preconditionFailure("a repaint gives an equal screen")
}
