package import ArrobaJSON
package import ArrobaRelayWire
internal import ArrobaSystem

/// The relay that is meant and the token for it: what the environment says wins over what was kept.
package struct RelayAccess: Sendable {
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package let description: String
    package let hint: String?
  }

  package let road: RelayRoad
  package let token: RelayToken
  /// Said by ARROBA_RELAY_URL.
  package let isFromEnvironment: Bool

  /// `stored`: an object with `url` and `via`; nil: nobody names a relay.
  package static func read(_ environment: [String: String], stored: JSON?, tokenFile: String)
    throws(Failure) -> RelayAccess?
  {
    let named = Environment.variable("ARROBA_RELAY_URL", in: environment)
    guard let url = named ?? stored?["url"]?.string else { return nil }
    let address: RelayAddress
    do { address = try RelayAddress(url) } catch { throw Failure(description: error.message, hint: nil) }
    let via = named == nil ? stored?["via"]?.string : nil
    return RelayAccess(
      road: RelayRoad(address: address, via: via), token: try token(environment, tokenFile),
      isFromEnvironment: named != nil)
  }

  private static func token(_ environment: [String: String], _ file: String) throws(Failure) -> RelayToken {
    guard let text = Environment.variable("ARROBA_RELAY_TOKEN", in: environment) else {
      do { return try SecretFile.read(file) } catch {
        throw Failure(description: error.description, hint: error.hint)
      }
    }
    guard let token = RelayToken(text: text) else {
      throw Failure(description: "ARROBA_RELAY_TOKEN holds no token", hint: "one looks like arroba1_…")
    }
    return token
  }
}
