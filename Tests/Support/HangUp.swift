package import ArrobaSystem
internal import Glibc

/// Ends a connection for good.
package enum HangUp {
  /// A child of another test that is just being born holds a copy of every descriptor until it is another program; so
  /// closing alone is felt at the other end at some time, and this at once.
  package static func now(_ socket: Descriptor) {
    shutdown(socket.raw, Int32(SHUT_RDWR))
    socket.close()
  }
}
