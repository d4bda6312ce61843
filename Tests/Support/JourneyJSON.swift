package import ArrobaJSON

/// What a test looks for in an answer; it throws with the whole answer where that is not there.
extension JSON {
  /// The value at a path such as "agents.0.run.pid".
  package func at(_ path: String) throws -> JSON {
    var value = self
    for step in path.split(separator: ".") {
      let next =
        if let list = value.array { Int(step).flatMap { $0 < list.count ? list[$0] : nil } } else {
          value[String(step)]
        }
      guard let next else { throw Silence("there is no '\(path)' in \(shown)") }
      value = next
    }
    return value
  }

  package func words(_ path: String) throws -> String {
    guard let text = try at(path).string else { throw Silence("'\(path)' is no string in \(shown)") }
    return text
  }

  package func number(_ path: String) throws -> Int {
    guard let number = try at(path).int else { throw Silence("'\(path)' is no whole number in \(shown)") }
    return number
  }

  package func list(_ path: String) throws -> [JSON] {
    guard let list = try at(path).array else { throw Silence("'\(path)' is no array in \(shown)") }
    return list
  }

  /// As it crosses the wire.
  package var shown: String { String(decoding: encoded, as: UTF8.self) }
}
