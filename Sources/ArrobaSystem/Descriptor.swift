internal import CPty
internal import Glibc
internal import Synchronization

/// A file descriptor with one owner, closed when the last reference goes or when it is told to.
package final class Descriptor: Sendable, CustomStringConvertible {
  private let number: Atomic<Int32>

  /// Takes over the descriptor of that number.
  package init(owning number: Int32) {
    self.number = Atomic(number)
  }

  deinit { close() }

  /// The number, for system calls; -1 once it is closed.
  package var raw: Int32 { number.load(ordering: .relaxed) }

  package var description: String { "descriptor \(raw)" }

  /// Closes it now. Later calls do nothing.
  package func close() {
    let old = number.exchange(-1, ordering: .relaxed)
    if old >= 0 { _ = Glibc.close(old) }
  }

  /// Gives the number away; whoever takes it closes it.
  package func release() -> Int32 {
    number.exchange(-1, ordering: .relaxed)
  }

  package func duplicate() throws(SystemError) -> Descriptor {
    let copy = fcntl(raw, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw .last("duplicate", description) }
    return Descriptor(owning: copy)
  }

  package func setBlocking(_ blocking: Bool) {
    let flags = fcntl(raw, F_GETFL)
    _ = fcntl(raw, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK)
  }

  /// Whether a program that this process becomes or starts inherits it.
  package func setInherited(_ inherited: Bool) {
    _ = fcntl(raw, F_SETFD, inherited ? 0 : FD_CLOEXEC)
  }
}

/// What a read or write on a descriptor came to.
package enum Transfer: Equatable, Sendable {
  case moved(Int)
  /// Nothing could be moved now; try again when the descriptor is ready.
  case wouldBlock
  /// The other side is gone, or the input is at its end.
  case ended
  case failed(Int32)
}

extension Descriptor {
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    Self.outcome(
      retryingInterrupted { Glibc.read(raw, buffer.baseAddress, buffer.count) }, zeroMeansEnd: true)
  }

  package func write(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    guard !bytes.isEmpty else { return .moved(0) }
    return Self.outcome(
      retryingInterrupted { Glibc.write(raw, bytes.baseAddress, bytes.count) }, zeroMeansEnd: false)
  }

  /// For sockets: like `write`, never raises SIGPIPE.
  package func send(_ bytes: UnsafeRawBufferPointer) -> Transfer {
    guard !bytes.isEmpty else { return .moved(0) }
    let flags = Int32(MSG_NOSIGNAL)
    return Self.outcome(
      retryingInterrupted { Glibc.send(raw, bytes.baseAddress, bytes.count, flags) }, zeroMeansEnd: false)
  }

  /// For sockets: two parts in one call, in order, without SIGPIPE.
  package func send(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ third: UnsafeRawBufferPointer
  )
    -> Transfer
  {
    withUnsafeTemporaryAllocation(of: iovec.self, capacity: 3) { parts in
      parts[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
      parts[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
      parts[2] = iovec(iov_base: UnsafeMutableRawPointer(mutating: third.baseAddress), iov_len: third.count)
      var message = msghdr()
      message.msg_iov = parts.baseAddress
      message.msg_iovlen = 3
      let flags = Int32(MSG_NOSIGNAL)
      return Self.outcome(retryingInterrupted { sendmsg(raw, &message, flags) }, zeroMeansEnd: false)
    }
  }

  private static func outcome(_ result: Int, zeroMeansEnd: Bool) -> Transfer {
    if result > 0 { return .moved(result) }
    if result == 0 { return zeroMeansEnd ? .ended : .moved(0) }
    switch errno {
    case EAGAIN: return .wouldBlock
    // A terminal whose last program has gone answers EIO.
    case EIO, EPIPE, ECONNRESET: return .ended
    default: return .failed(errno)
    }
  }

  /// Writes all of it, waiting where the descriptor is not ready: for clients and start-up, never on the loop.
  package func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var sent = 0
    while sent < bytes.count {
      switch write(UnsafeRawBufferPointer(rebasing: bytes[sent...])) {
      case .moved(let count): sent += count
      case .wouldBlock:
        var wanted = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
        _ = retryingInterrupted { poll(&wanted, 1, -1) }
      case .ended: throw SystemError("write to", description, code: EPIPE)
      case .failed(let code): throw SystemError("write to", description, code: code)
      }
    }
  }

  package func writeAll(_ bytes: [UInt8]) throws(SystemError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(SystemError) in try writeAll(buffer) }
    }
    try result.get()
  }
}
