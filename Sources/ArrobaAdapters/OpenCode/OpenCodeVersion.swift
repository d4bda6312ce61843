internal import ArrobaHTTP
internal import ArrobaJSON

/// A version of OpenCode, and what we know of it.
struct OpenCodeVersion: Sendable, Equatable, Comparable, CustomStringConvertible {
  let major: Int
  let minor: Int
  let patch: Int

  /// Before it, conversations older than 2026-08-14 are never answered again (#42608).
  static let oldest = OpenCodeVersion(major: 1, minor: 18, patch: 15)
  /// The line that was recorded and is tried with each change here.
  static let triedLine = (major: 1, minor: 18)

  init(major: Int, minor: Int, patch: Int) {
    self.major = major
    self.minor = minor
    self.patch = patch
  }

  /// "1.18.34", "v1.18.34", "1.18.34-dev".
  init?(_ text: String) {
    let plain = text.drop { $0 == "v" }.prefix { $0.isNumber || $0 == "." }
    let numbers = plain.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
      return nil
    }
    self.init(major: major, minor: minor, patch: patch)
  }

  static func < (a: Self, b: Self) -> Bool {
    (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
  }

  var description: String { "\(major).\(minor).\(patch)" }

  /// Later than what was tried, and of the same generation: it may work.
  var isUntried: Bool { (major, minor) > Self.triedLine }
}

/// What a server is, by its answers to two questions.
enum OpenCodeIdentity: Sendable, Equatable {
  case usable(version: OpenCodeVersion)
  case trouble(ProviderTrouble)
  /// `GET /global/health` was answered with a web page: it is of another generation, which `GET /api/info` tells.
  case mustAskForInfo

  /// From the answer to `GET /global/health`.
  static func health(_ response: HTTPResponse, at place: String) -> OpenCodeIdentity {
    switch response.status {
    case 401:
      return .trouble(
        ProviderTrouble(
          "the OpenCode server at \(place) does not accept the password",
          hint: "set OPENCODE_SERVER_PASSWORD as the server has it"))
    case 200..<300: break
    default:
      return .trouble(
        ProviderTrouble("the server at \(place) answered its health check with status \(response.status)"))
    }
    guard response.contentType == "application/json", let json = try? JSONReader.read(response.body) else {
      return .mustAskForInfo
    }
    guard let text = json["version"]?.string, json["healthy"]?.bool != nil else {
      return .trouble(notOpenCode(place))
    }
    guard let version = OpenCodeVersion(text) else {
      return .trouble(
        ProviderTrouble(
          "the OpenCode server at \(place) names the version '\(text.prefix(40))', which is none"))
    }
    return judged(version)
  }

  /// From the answer to `GET /api/info`, where the health check was answered with a web page. `/api/health` proves nothing:
  /// both generations answer it.
  static func info(_ response: HTTPResponse, at place: String) -> OpenCodeIdentity {
    guard response.isSuccess, response.contentType == "application/json",
      let json = try? JSONReader.read(response.body), let version = json["version"]?.string
    else { return .trouble(notOpenCode(place)) }
    return .trouble(tooNew(version))
  }

  static func judged(_ version: OpenCodeVersion) -> OpenCodeIdentity {
    if version.major > 1 { return .trouble(tooNew("\(version)")) }
    guard version >= .oldest else {
      return .trouble(
        ProviderTrouble(
          "OpenCode \(version) is too old; \(OpenCodeVersion.oldest) or a later 1.x is needed",
          hint: OpenCodeInstallation.advice))
    }
    return .usable(version: version)
  }

  static func tooNew(_ version: String) -> ProviderTrouble {
    ProviderTrouble(
      "OpenCode \(version.prefix(40)) speaks another protocol, which is not supported yet; 1.18 is",
      hint: OpenCodeInstallation.advice)
  }

  private static func notOpenCode(_ place: String) -> ProviderTrouble {
    ProviderTrouble("what answers at \(place) is no OpenCode server")
  }
}
