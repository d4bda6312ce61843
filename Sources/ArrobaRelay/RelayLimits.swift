/// How much a relay bears; beyond it the newest is turned away.
package struct RelayLimits: Equatable, Sendable {
  package init() {}

  /// Connections of one address that have not proved themselves yet. Behind a proxy all come from one.
  package var unprovenPerAddress = 64
  /// What all connections together may be; the system's limit of descriptors may make it less.
  package var connections = 32_768
  /// Machines that stand there, and clients that watch, by one token.
  package var standingPerToken = 1024
  /// Streams of one token, waiting ones included.
  package var streamsPerToken = 4096
  package var streamsPerMachine = 256
  /// What waits in our memory for one connection that does not read; a list of many machines must fit.
  package var unsentBytes = 1 << 20
  /// Descriptors that are not for connections: listeners, pipes in use, files.
  static let reservedDescriptors = 192
}
