internal import ArrobaSystem

/// `arroba play`: a recording on the user's terminal, or all of it at once where that is none.
struct PlayVerb {
  let context: Context
  let path: String
  let playing: Playing

  func run() throws -> Int32 {
    var reader = try open()
    guard context.seat.isOutputTerminal else {
      while let moment = try reader.next() {
        if case .output(let text) = moment.event { context.output.raw(Array(text.utf8)) }
      }
      return ExitCode.done
    }
    let signals = try ClientSignals()
    StandardStreams.ignoreBrokenPipes()
    // Keys come from the terminal; a recording that comes on standard input leaves none.
    let takesKeys = path != CastFile.standardOutput && Terminals.isTerminal(context.seat.input)
    let mode = takesKeys ? TerminalMode(of: context.seat.input) : nil
    context.output.flush()
    mode?.enterRaw()
    let player = Player(reader, playing, at: context.seat, signals: signals, takesKeys: takesKeys)
    let end = player.run()
    mode?.restore()
    switch end {
    case .over:
      context.output.note("[the end of \(Clean.line(path))]")
      return ExitCode.done
    case .left: return ExitCode.done
    case .interrupted: return ExitCode.interrupted
    case .signalled(let signal): return signal.exitCode
    case .failed(let failure): throw failure
    }
  }

  private func open() throws(Failure) -> CastReader {
    guard path != CastFile.standardOutput else {
      let input = context.seat.input
      return try CastReader("standard input") { buffer in
        let got = StandardStreams.read(into: buffer, from: input)
        if case .wouldBlock = got { _ = PollSet.waitReadable(input, timeoutMs: -1) }
        return got
      }
    }
    let file: Descriptor
    do { file = try Files.openForReading(path) } catch {
      let code = error.isMissing ? ExitCode.notFound : ExitCode.failed
      throw Failure(error.description, kind: "failed", exitCode: code)
    }
    return try CastReader(path) { file.read(into: $0) }
  }
}
