internal import ArrobaSystem

/// One attempt to start `arroba-daemon` in the background: it tells through a pipe when it listens, or why it cannot.
struct DaemonStart {
  enum Outcome: Equatable {
    case ready
    /// Another daemon holds the state directory; it will listen, or does so already.
    case lockedByAnother(String)
    case failed(String)
  }

  static let programName = "arroba-daemon"
  /// The number under which the daemon finds the pipe; named to it by ARROBA_READY_FD.
  private static let readyNumber: Int32 = 3
  /// How much of its error output is shown of a daemon that did not start.
  private static let tailBytes = 2000

  /// The exit code of a daemon that found another one (docs/RUNNING.md).
  private static let heldCode: Int32 = 75

  private let places: Places
  /// "NAME=value" each.
  private let environment: [String]
  private var errorPath: String { "\(places.logs)/daemon-start.err" }

  init(places: Places, environment: [String]) {
    self.places = places
    self.environment = environment
  }

  /// Starts that program, and waits for what it says.
  func run(_ program: String, deadlineMs: Int) throws(ClientError) -> Outcome {
    let pipe: (reading: Descriptor, writing: Descriptor)
    let pid: Int32
    do {
      try Files.makeDirectory(places.logs)
      let output = try Files.openErrorFile(errorPath)
      pipe = try Pipes.make()
      pid = try Programs.startDetached(
        program, arguments: [program], environment: Self.entries(environment), output: output,
        passing: pipe.writing, passedAs: Self.readyNumber)
    } catch { throw .unreachable("cannot start the daemon: \(error)", hint: "arroba doctor") }
    pipe.writing.close()
    return outcome(Self.firstLine(of: pipe.reading, deadlineMs: deadlineMs), of: pid)
  }

  /// The environment without what belongs to an agent that we may be running in.
  static func entries(_ entries: [String]) -> [String] {
    let ofAnAgent = ["ARROBA_SESSION=", "ARROBA_AGENT=", "ARROBA_HOST=", "ARROBA_READY_FD="]
    return entries.filter { entry in !ofAnAgent.contains { entry.hasPrefix($0) } }
      + ["ARROBA_READY_FD=\(readyNumber)"]
  }

  private enum FirstLine {
    case line(String)
    case ended
    case late
  }

  private static func firstLine(of pipe: Descriptor, deadlineMs: Int) -> FirstLine {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 512)
    while bytes.count < 64 << 10 {
      let left = deadlineMs - Clock.monotonicMs()
      guard left > 0, PollSet.waitReadable(pipe.raw, timeoutMs: left) else { return .late }
      guard case .moved(let count) = block.withUnsafeMutableBytes({ pipe.read(into: $0) }) else {
        return .ended
      }
      bytes += block[..<count]
      if let end = bytes.firstIndex(of: 0x0A) { return .line(String(decoding: bytes[..<end], as: UTF8.self)) }
    }
    return .ended
  }

  private func outcome(_ line: FirstLine, of pid: Int32) -> Outcome {
    switch line {
    case .line("ready"): return .ready
    case .line(let words):
      let reason = words.hasPrefix("error: ") ? String(words.dropFirst(7)) : words
      // Who says that it cannot start ends at once, and its exit code says whether somebody else has started.
      return Processes.waitForExit(of: pid) == Self.heldCode ? .lockedByAnother(reason) : .failed(reason)
    case .ended: return .failed("it ended before it was ready\(tail())")
    case .late: return .failed("it was not ready after \(DaemonLocator.startDeadlineMs / 1000) s\(tail())")
    }
  }

  private func tail() -> String {
    let bytes = (try? Files.read(errorPath, atMost: 1 << 20)) ?? []  // nothing to show is no further error
    let text = String(decoding: bytes.suffix(Self.tailBytes), as: UTF8.self)
    return text.isEmpty ? "; it wrote nothing to \(errorPath)" : "; it wrote:\n\(text)"
  }
}
