internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaSystem
internal import ArrobaWire

/// What the user has set.
extension Exchange {
  func getConfiguration() -> JSON { server.configurationView }

  /// Changes the file, and lives by it from then on. Without values the file is read again as it stands.
  func setConfiguration(_ params: Params, _ origin: Kernel.Origin) async throws(WireError) -> JSON {
    guard let values = params["values"]?.object else {
      throw Params.invalid("values", expected: "an object of keys and values", got: params["values"])
    }
    guard values.members.count <= 64 else {
      throw Params.invalid("values", expected: "at most 64 keys", got: .int(values.members.count))
    }
    let file = server.configurationFile
    // One after another: each reads what the one before has written.
    let ticket = server.configuring.take()
    prepared()
    await server.configuring.wait(for: ticket)
    defer { server.configuring.leave() }
    let reading = try await server.workers.run { () throws(WireError) in try file.change(values) }
    server.follow(reading)
    return server.configurationView
  }
}

extension Server {
  /// That configuration holds from now on. What is wrong with it is said in the process log, in health and by the doctor.
  func follow(_ reading: ConfigurationReading) {
    let path = configurationFile.path
    for fault in reading.faults {
      ProcessLog.shared.error("configuration", "\(fault.words); the default holds", ["path": path])
    }
    if !reading.unknown.isEmpty {
      let keys = reading.unknown.joined(separator: ", ")
      ProcessLog.shared.warn("configuration", "keys that mean nothing here", ["path": path, "keys": keys])
    }
    configuration = reading
    kernel.deadlines.follow(reading.configuration.asks, in: kernel.world)
  }

  var configurationView: JSON {
    var view = configurationHealth.object ?? JSONObject()
    view["values"] = configuration.configuration.json
    return .object(view)
  }

  var configurationHealth: JSON { configuration.health(of: configurationFile.path) }
}
