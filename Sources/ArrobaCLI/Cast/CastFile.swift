internal import ArrobaSystem

/// A recording as it is written: each event at once and whole, so that whatever ends it leaves a file that plays.
final class CastFile {
  /// "-" is standard output.
  static let standardOutput = "-"
  /// A single event is not larger; players hold each in memory.
  private static let longestEvent = 32 << 10

  let path: String
  private let file: Descriptor?
  private var text = CastText()
  private(set) var events = 0
  private(set) var bytes = 0
  /// Why nothing more can be written.
  private(set) var trouble: SystemError?

  /// A file that is there is not written over, unless that is wanted. What was on a screen is for the user alone.
  init(_ path: String, overwriting: Bool) throws(Failure) {
    self.path = path
    guard path != Self.standardOutput else {
      file = nil
      return
    }
    do { file = try Files.create(path, overwriting: overwriting) } catch {
      guard error.isThere else {
        throw Failure(error.description, kind: "failed", exitCode: ExitCode.failed)
      }
      throw Failure(
        "\(path) is there already", hint: "--force writes over it", kind: "not_confirmed",
        exitCode: ExitCode.notConfirmed)
    }
  }

  func begin(size: Size, title: String?) {
    put(CastText.header(size: size, atMs: Clock.wallMs(), title: title))
  }

  func output(_ bytes: UnsafeRawBufferPointer, atMs ms: Int) {
    var start = 0
    while start < bytes.count {
      let end = min(start + Self.longestEvent, bytes.count)
      if let line = text.output(bytes[start..<end], atMs: ms) { putEvent(line) }
      start = end
    }
  }

  func resize(to size: Size, atMs ms: Int) { putEvent(CastText.resize(to: size, atMs: ms)) }

  func end(atMs ms: Int) {
    if let line = text.rest(atMs: ms) { putEvent(line) }
    file?.close()
  }

  private func putEvent(_ line: [UInt8]) {
    put(line)
    if trouble == nil { events += 1 }
  }

  private func put(_ line: [UInt8]) {
    guard trouble == nil else { return }
    guard let file else {
      guard StandardStreams.writeAll(line, to: 1) else {
        trouble = .cutOff("write to", "standard output")
        return
      }
      bytes += line.count
      return
    }
    do {
      try file.writeAll(line)
      bytes += line.count
    } catch {
      // Up to the last event that is whole.
      file.shorten(to: bytes)
      trouble = SystemError("write", path, code: error.code)
    }
  }
}
