internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaWire

/// What a relay has counted since its start.
struct RelayCounters {
  var connections = 0
  var turnedAway = 0
  var failures = 0
  var streams = 0
  var bytes = 0
}

extension Relay {
  /// Streams that are open or wait for their machine.
  private var openStreams: Int { streams.values.reduce(0, +) }

  var health: JSON {
    [
      "status": "ok", "version": .string(arrobaVersion), "uptimeMs": .int(nowMs - startedMs),
      "machines": .int(presence.count), "streams": .int(openStreams), "bytes": .int(counters.bytes),
      "connections": .int(connections.count),
    ]
  }

  /// The text format of Prometheus, version 0.0.4.
  var metrics: String {
    let rows: [(name: String, kind: String, help: String, value: Int)] = [
      ("uptime_seconds", "gauge", "Since the start.", (nowMs - startedMs) / 1000),
      ("machines", "gauge", "Machines that are here.", presence.count),
      ("streams", "gauge", "Streams that are open or wait for their machine.", openStreams),
      ("connections", "gauge", "Connections of any kind.", connections.count),
      ("streams_total", "counter", "Streams that were joined.", counters.streams),
      ("bytes_total", "counter", "Bytes that went through streams.", counters.bytes),
      ("connections_total", "counter", "Connections that were accepted.", counters.connections),
      ("turned_away_total", "counter", "Connections that were one too many.", counters.turnedAway),
      ("handshake_failures_total", "counter", "Handshakes that proved nothing.", counters.failures),
    ]
    return rows.map { row in
      let name = "arroba_relay_\(row.name)"
      return "# HELP \(name) \(row.help)\n# TYPE \(name) \(row.kind)\n\(name) \(row.value)\n"
    }.joined()
  }
}
