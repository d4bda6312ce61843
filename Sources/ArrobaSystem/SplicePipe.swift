internal import CPty
internal import Glibc

/// A pipe through which bytes go from one socket to another without entering this process's memory (splice(2)).
package final class SplicePipe {
  private static let wantedBytes: Int32 = 256 << 10

  private let reading: Descriptor
  private let writing: Descriptor
  package let capacity: Int
  /// How many bytes are in it.
  package private(set) var held = 0

  package init() throws(SystemError) {
    (reading, writing) = try Pipes.make()
    reading.setBlocking(false)
    writing.setBlocking(false)
    capacity = max(4096, Int(arroba_widen_pipe(writing.raw, Self.wantedBytes)))
  }

  /// Takes what has come from a socket.
  package func fill(from socket: Descriptor) -> Transfer {
    guard held < capacity else { return .wouldBlock }
    let moved = arroba_splice(socket.raw, writing.raw, capacity - held)
    if moved > 0 { held += moved }
    return Self.outcome(moved)
  }

  /// Gives what is in it to a socket.
  package func drain(into socket: Descriptor) -> Transfer {
    guard held > 0 else { return .moved(0) }
    let moved = arroba_splice(reading.raw, socket.raw, held)
    if moved > 0 { held -= moved }
    return Self.outcome(moved)
  }

  private static func outcome(_ moved: Int) -> Transfer {
    if moved > 0 { return .moved(moved) }
    if moved == 0 { return .ended }
    return errno == EAGAIN ? .wouldBlock : .failed(errno)
  }
}
