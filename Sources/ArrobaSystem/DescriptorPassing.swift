internal import CPty
internal import Glibc

/// Sending descriptors from one process to another over a Unix socket (SCM_RIGHTS).
package enum DescriptorPassing {
  package static let most = Int(ARROBA_MAX_PASSED)

  /// Sends bytes and, with the first of them, descriptors; the sender keeps its own.
  package static func send(
    _ bytes: UnsafeRawBufferPointer, passing descriptors: [Int32], over socket: Descriptor
  )
    -> Transfer
  {
    let sent = arroba_send_descriptors(
      socket.raw, bytes.baseAddress, bytes.count, descriptors, Int32(descriptors.count))
    if sent >= 0 { return .moved(sent) }
    switch errno {
    case EAGAIN: return .wouldBlock
    case EPIPE, ECONNRESET: return .ended
    default: return .failed(errno)
    }
  }

  /// Receives what was sent by `send`, where one descriptor is awaited at most: further ones are closed.
  package static func receive(
    into buffer: UnsafeMutableRawBufferPointer, from socket: Descriptor, _ passed: inout Descriptor?
  ) -> Transfer {
    var number: Int32 = -1
    var count = 0
    let outcome = receive(into: buffer, from: socket, &number, atMost: 1, &count)
    if count > 0 { passed = Descriptor(owning: number) }
    return outcome
  }

  /// Receives what was sent by `send`; the descriptors belong to the receiver.
  package static func receive(into buffer: UnsafeMutableRawBufferPointer, from socket: Descriptor)
    -> (Transfer, [Descriptor])
  {
    var numbers = [Int32](repeating: -1, count: most)
    var count = 0
    let outcome = receive(into: buffer, from: socket, &numbers, atMost: most, &count)
    return (outcome, numbers.prefix(count).map { Descriptor(owning: $0) })
  }

  private static func receive(
    into buffer: UnsafeMutableRawBufferPointer, from socket: Descriptor,
    _ numbers: UnsafeMutablePointer<Int32>, atMost limit: Int, _ count: inout Int
  ) -> Transfer {
    var passed: Int32 = 0
    let got = arroba_receive_descriptors(
      socket.raw, buffer.baseAddress, buffer.count, numbers, Int32(limit), &passed)
    let code = errno
    count = Int(passed)
    if got > 0 { return .moved(got) }
    if got == 0 { return .ended }
    switch code {
    case EAGAIN: return .wouldBlock
    case ECONNRESET, EPIPE: return .ended
    default: return .failed(code)
    }
  }
}
