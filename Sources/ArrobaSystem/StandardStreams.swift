internal import CPty
internal import Glibc

/// Input, output and error output as this process was given them. Shared with others: never closed, no flags changed.
package enum StandardStreams {
  package static func read(into buffer: UnsafeMutableRawBufferPointer, from number: Int32) -> Transfer {
    let got = retryingInterrupted { Glibc.read(number, buffer.baseAddress, buffer.count) }
    if got > 0 { return .moved(got) }
    if got == 0 || errno == EIO { return .ended }
    return errno == EAGAIN ? .wouldBlock : .failed(errno)
  }

  /// What comes until the end, or its first `limit` bytes.
  package static func readAll(from number: Int32, atMost limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: min(limit, 64 << 10))
    while bytes.count < limit {
      switch block.withUnsafeMutableBytes({ read(into: $0, from: number) }) {
      case .moved(let count): bytes.append(contentsOf: block[..<min(count, limit - bytes.count)])
      case .wouldBlock: _ = PollSet.waitReadable(number, timeoutMs: -1)
      case .ended, .failed: return bytes
      }
    }
    return bytes
  }

  /// One write. SIGPIPE ends a client whose reader is gone, as with any filter, unless it is ignored.
  package static func write(_ bytes: UnsafeRawBufferPointer, to number: Int32) -> Transfer {
    let sent = retryingInterrupted { Glibc.write(number, bytes.baseAddress, bytes.count) }
    if sent >= 0 { return .moved(sent) }
    switch errno {
    case EAGAIN: return .wouldBlock
    case EPIPE, EIO: return .ended
    default: return .failed(errno)
    }
  }

  /// All of it, waiting where need be; false where the other side is gone or the disk is full.
  package static func writeAll(_ bytes: [UInt8], to number: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var sent = 0
      while sent < buffer.count {
        switch write(UnsafeRawBufferPointer(rebasing: buffer[sent...]), to: number) {
        case .moved(let count): sent += count
        case .wouldBlock: _ = PollSet.waitWritable(number, timeoutMs: -1)
        case .ended, .failed: return false
        }
      }
      return true
    }
  }

  /// Whether what is written to the one stands between what is written to the other: the same pipe, file or terminal.
  package static func areOne(_ first: Int32, _ second: Int32) -> Bool {
    var one = stat()
    var other = stat()
    guard fstat(first, &one) == 0, fstat(second, &other) == 0 else { return false }
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino
  }

  /// Lets writes to a reader that is gone fail instead of ending the process: who has a terminal to put back needs that.
  package static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}

extension Sockets {
  /// Tells the other side that nothing more comes from us; it may still answer.
  package static func endSending(of socket: Descriptor) { shutdown(socket.raw, Int32(SHUT_WR)) }
}
