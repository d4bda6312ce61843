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

  private let places: Places
  private var errorPath: String { "\(places.logs)/daemon-start.err" }

  init(places: Places) {
    self.places = places
  }

  func run(deadlineMs: Int) throws(ClientError) -> Outcome {
    let environment = Environment.all
    guard let program = Programs.find(Self.programName, searchPath: environment["PATH"]) else {
      throw .unreachable(
        "no daemon is running, and \(Self.programName) is neither beside this program nor on PATH",
        hint: "build it with scripts/build, or start it by hand")
    }
    let pipe: (reading: Descriptor, writing: Descriptor)
    do {
      try Files.makeDirectory(places.logs)
      let output = try Files.openErrorFile(errorPath)
      pipe = try Pipes.make()
      _ = try Programs.startDetached(
        program, arguments: [program], environment: Self.entries(Environment.entries), output: output,
        passing: pipe.writing, passedAs: Self.readyNumber)
    } catch { throw .unreachable("cannot start the daemon: \(error)", hint: "arroba doctor") }
    pipe.writing.close()
    return outcome(Self.firstLine(of: pipe.reading, deadlineMs: deadlineMs))
  }

  /// The environment without what belongs to an agent that we may be running in.
  private static func entries(_ entries: [String]) -> [String] {
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

  private func outcome(_ line: FirstLine) -> Outcome {
    switch line {
    case .line("ready"): return .ready
    case .line(let words):
      let reason = words.hasPrefix("error: ") ? String(words.dropFirst(7)) : words
      // The one place where words decide: the pipe carries no codes, and a wrong guess costs a wait, no more.
      return reason.contains("locked by pid") ? .lockedByAnother(reason) : .failed(reason)
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
