internal import CPty
internal import Glibc

/// A program that carries bytes for this process: its input and output are one socket, and what it says beside that is
/// kept. It stays in the terminal's foreground with us, so that it may ask its user for a password.
package final class Companion {
  /// Our end of its input and output.
  package let socket: Descriptor
  private let errors: Descriptor
  private var pid: Int32?

  /// How it ended.
  package enum End: Equatable, Sendable {
    case exited(Int32)
    case signalled
  }

  /// Of what it said so much is looked at, from the end.
  private static let mostSaid = 16 << 10

  private init(socket: Descriptor, errors: Descriptor, pid: Int32) {
    self.socket = socket
    self.errors = errors
    self.pid = pid
  }

  deinit { close() }

  /// Starts the program of that path. The pipe of its error output does not block it: what does not fit is lost, and a
  /// program that talks much is not held up.
  package static func start(_ path: String, arguments: [String], environment: [String]) throws(SystemError)
    -> Companion
  {
    let (near, far) = try Sockets.pair(messages: false)
    let pipe = try Pipes.make()
    pipe.writing.setBlocking(false)
    pipe.reading.setBlocking(false)
    let pid = try Programs.startBeside(
      path, arguments: arguments, environment: environment, stream: far, errors: pipe.writing)
    return Companion(socket: near, errors: pipe.reading, pid: pid)
  }

  /// What a program writes to its output, once it has ended; nil where it could not start, failed, or took longer.
  package static func answer(
    of path: String, arguments: [String], environment: [String], withinMs patienceMs: Int
  ) -> String? {
    let deadline = Clock.monotonicMs() + patienceMs
    guard let companion = try? start(path, arguments: arguments, environment: environment)  // said by nil
    else { return nil }
    defer { companion.kill() }
    let (bytes, isLate) = companion.readAnswer(atMost: mostAnswered, untilMs: deadline)
    guard !isLate, case .exited(0)? = companion.end(withinMs: max(0, deadline - Clock.monotonicMs()))?.0
    else {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What it writes, without being told anything: to its end, for so long (then it is late), or so much.
  package func readAnswer(atMost limit: Int, untilMs deadline: Int) -> (bytes: [UInt8], isLate: Bool) {
    Sockets.endSending(of: socket)
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    while bytes.count < limit {
      let left = deadline - Clock.monotonicMs()
      guard left > 0, PollSet.waitReadable(socket.raw, timeoutMs: left) else { return (bytes, true) }
      let room = limit - bytes.count
      let outcome = block.withUnsafeMutableBytes {
        socket.read(into: UnsafeMutableRawBufferPointer(rebasing: $0.prefix(room)))
      }
      guard case .moved(let count) = outcome else { break }
      bytes += block[..<count]
    }
    return (bytes, false)
  }

  /// Longer answers are cut there.
  private static let mostAnswered = 1 << 20

  /// Hangs up; the program ends by itself, once it has passed on what it still holds.
  package func close() {
    socket.close()
    if let pid, waitpid(pid, nil, WNOHANG) == pid { self.pid = nil }
  }

  /// Ends it now, whatever it still holds.
  package func kill() {
    socket.close()
    guard let pid else { return }
    _ = Glibc.kill(pid, SIGKILL)
    _ = Processes.waitForExit(of: pid)
    self.pid = nil
  }

  /// How it ended and the end of what it said, once it has ended; nil where it has not within so long.
  package func end(withinMs patienceMs: Int) -> (End, said: String)? {
    guard let pid else { return nil }
    let deadline = Clock.monotonicMs() + patienceMs
    while true {
      switch Processes.end(of: pid) {
      case .some(let end):
        self.pid = nil
        return (end, said)
      case nil:
        guard Clock.monotonicMs() < deadline else { return nil }
        PollSet.pause(milliseconds: 2)
      }
    }
  }

  private var said: String {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 4096)
    // A process that it has left behind may hold the pipe: its end is not waited for.
    while case .moved(let count) = block.withUnsafeMutableBytes({ errors.read(into: $0) }) {
      bytes += block[..<count]
      if bytes.count > 2 * Self.mostSaid { bytes.removeFirst(bytes.count - Self.mostSaid) }
    }
    return String(decoding: bytes.suffix(Self.mostSaid), as: UTF8.self)
  }
}

extension Processes {
  /// How a child ended; nil while it lives.
  static func end(of pid: Int32) -> Companion.End? {
    var status: Int32 = 0
    guard retryingInterrupted({ waitpid(pid, &status, WNOHANG) }) == pid else { return nil }
    return arroba_exited(status) != 0 ? .exited(arroba_exit_code(status)) : .signalled
  }
}
