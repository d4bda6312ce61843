package import ArrobaSystem

/// Bytes to and from a daemon, whatever carries them.
package final class ByteStream {
  package let socket: Descriptor
  private let guide: Guide?

  /// The ssh at our end of it.
  private struct Guide {
    let companion: Companion
    let host: SSHHost
  }

  /// A moment for a program whose output has ended to end itself.
  private static let lastWordsMs = 2000

  package init(_ socket: Descriptor) {
    self.socket = socket
    guide = nil
  }

  init(_ companion: Companion, to host: SSHHost) {
    socket = companion.socket
    guide = Guide(companion: companion, host: host)
  }

  /// Whether descriptors can be passed with the bytes: the other end of the socket is the daemon itself.
  package var passesDescriptors: Bool { guide == nil }

  /// Who is at the other end, for a sentence.
  package var name: String { guide.map(\.host.name) ?? "the daemon" }
  package var isRemote: Bool { guide != nil }

  /// Hangs up. What was sent still gets there.
  package func close() {
    guard let guide else { return socket.close() }
    guide.companion.close()
  }

  /// Hangs up on somebody who is not there any more.
  package func abandon() {
    guard let guide else { return socket.close() }
    guide.companion.kill()
  }

  /// Why it has ended before anybody answered; nil where nothing is known.
  package func fault() -> ClientError? {
    guard let guide else { return nil }
    let (end, said) = guide.companion.end(withinMs: Self.lastWordsMs) ?? (.signalled, "")
    return SSHFault.judge(end, said: said, host: guide.host)
  }
}
