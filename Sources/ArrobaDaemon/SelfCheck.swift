package import ArrobaJSON
internal import ArrobaLog
internal import ArrobaModel
package import ArrobaProvider
package import ArrobaSystem
internal import ArrobaWire

/// `arroba-daemon --check`: what a daemon would find here, looked at without starting one or changing anything. It is
/// the daemon's to tell, because nobody else knows the log and the configuration; `arroba doctor` asks for it.
package enum SelfCheck {
  /// Blocks.
  package static func report(_ places: Places, _ providers: [(name: String, ProviderAvailability)]) -> JSON {
    let file = ConfigurationFile(path: places.config)
    let fault = EventLog.fault(in: "\(places.state)/log")
    return [
      "version": .string(arrobaVersion), "configuration": file.read().health(of: file.path),
      "log": .record(["fault": .text(fault.map { "\($0)" })]),
      "providers": .array(providers.map { name, availability in availability.json(of: name) }),
    ]
  }
}

extension ProviderAvailability {
  /// As `provider.list` has it.
  func json(of name: String) -> JSON {
    switch self {
    case .available(let version, let executable):
      .record([
        "name": .string(name), "available": true, "version": .text(version), "executable": .text(executable),
      ])
    case .unavailable(let reason, let executable, let hint):
      .record([
        "name": .string(name), "available": false, "reason": .string(reason),
        "executable": .text(executable), "hint": .text(hint),
      ])
    }
  }
}

extension ConfigurationReading {
  /// As health has it.
  func health(of path: String) -> JSON {
    [
      "path": .string(path), "faults": .array(faults.map(\.json)),
      "unknown": .array(unknown.map { .string($0) }),
    ]
  }
}
