internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTransport
internal import ArrobaWire

/// Which relay this machine joins, and as what. Files are read and written on a thread that may block.
struct UplinkSettings: Sendable {
  let road: RelayRoad
  let token: RelayToken
  let name: String
  /// Said by ARROBA_RELAY_URL, which wins over what is stored.
  let isFromEnvironment: Bool
}

/// Where the uplink keeps its things.
struct UplinkFiles: Sendable {
  /// `STATE/relay`.
  let directory: String

  private var settings: String { "\(directory)/uplink.json" }
  private var token: String { "\(directory)/token" }
  private var id: String { "\(directory)/id" }

  /// The name that a machine has by itself: its host name, as far as it can be one.
  static func usualName(_ host: String) -> String {
    let plain = String(host.filter { RelayMachine.isName("a\($0)") }.prefix(RelayMachine.longestName))
    return RelayMachine.isName(plain) ? plain : "machine"
  }

  /// nil: no relay is to be joined.
  func read(_ environment: [String: String]) throws -> UplinkSettings? {
    let bytes = Files.status(settings) == nil ? [] : try Files.read(settings, atMost: 64 << 10)
    let stored = bytes.isEmpty ? JSON.null : try JSONReader.read(bytes)
    guard let access = try RelayAccess.read(environment, stored: stored, tokenFile: token) else { return nil }
    return UplinkSettings(
      road: access.road, token: access.token,
      name: stored["name"]?.string ?? Self.usualName(Account.hostName),
      isFromEnvironment: access.isFromEnvironment)
  }

  func write(_ settings: UplinkSettings) throws(WireError) {
    let json = JSON.record([
      "url": .string("\(settings.road.address)"), "name": .string(settings.name),
      "via": .text(settings.road.via),
    ])
    do {
      try Files.makeDirectory(directory)
      try SecretFile.write(settings.token, to: token)
      try Files.replace(self.settings, with: RelayTerms.line(json))
    } catch { throw WireError(kind: .storageFailed, message: "\(error)") }
  }

  /// The relay is forgotten, and the token with it. Host key and trusted keys stay: they are this machine's.
  func forget() throws(WireError) {
    do throws(SystemError) {
      try Files.remove(settings)
      try Files.remove(token)
    } catch { throw WireError(kind: .storageFailed, message: "\(error)") }
  }

  /// This machine's id at relays, made once.
  func machineID() throws(SystemError) -> String {
    if Files.status(id) != nil {
      let text = String(decoding: try Files.read(id, atMost: 64), as: UTF8.self).prefix { $0 != "\n" }
      if RelayMachine.isID(text) { return String(text) }
    }
    let made = Hex.text(Randomness.bytes(16))
    try Files.makeDirectory(directory)
    try Files.replace(id, with: Array("\(made)\n".utf8))
    return made
  }
}

/// How long to wait before a relay is called again: longer each time, and never all machines at once. Values only.
enum UplinkPause {
  static let firstMs = 500
  static let longestMs = 30_000
  /// Where somebody must do something first.
  static let hopelessMs = 300_000

  /// `chance`: from 0 to 1.
  static func ms(failures: Int, mayPass: Bool, chance: Double) -> Int {
    let whole = mayPass ? min(longestMs, firstMs << min(max(failures - 1, 0), 10)) : hopelessMs
    return whole / 2 + Int(Double(whole / 2) * chance)
  }
}
