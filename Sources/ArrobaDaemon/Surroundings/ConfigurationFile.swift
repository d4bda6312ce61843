internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaSystem
internal import ArrobaWire

/// The file of the configuration. It is the user's: read as far as it can be, written only by `config.set`, and what is
/// not known here stays in it. Its calls block.
struct ConfigurationFile: Sendable {
  let path: String

  /// More than a person writes; little enough to be held whole.
  private static let longest = 1 << 20

  /// What the file says now. One that is not there says nothing; one that is broken leaves all as it is by itself.
  func read() -> ConfigurationReading {
    do throws(ConfigurationFault) { return ConfigurationReading(try members()) } catch {
      return ConfigurationReading(fault: error)
    }
  }

  /// Puts values in by their keys, null to take one out, all of them or none; answers what the file says then. Nothing
  /// is written that could not be read back without a fault.
  func change(_ values: JSONObject) throws(WireError) -> ConfigurationReading {
    let file: JSONObject
    let reading: ConfigurationReading
    do throws(ConfigurationFault) {
      file = try changed(values)
      reading = ConfigurationReading(file)
      if let fault = reading.faults.first { throw fault }
    } catch {
      throw refusal(error)
    }
    if !values.members.isEmpty { try write(file) }
    return reading
  }

  private func changed(_ values: JSONObject) throws(ConfigurationFault) -> JSONObject {
    var file = try members()
    for member in values.members {
      guard let key = ConfigurationKey.named(member.key) else { throw Self.unknown(member.key) }
      file.set(key.path, to: member.value.isNull ? JSON?.none : member.value)
    }
    return file
  }

  private func members() throws(ConfigurationFault) -> JSONObject {
    // Of a pipe nobody knows whether it ever says anything.
    if let status = Files.status(path), !status.isRegular {
      throw ConfigurationFault(key: "", reason: "\(path) is no file", allowed: "a file with a JSON object")
    }
    let bytes: [UInt8]
    do throws(SystemError) { bytes = try Files.read(path, atMost: Self.longest + 1) } catch {
      if error.isMissing { return JSONObject() }
      throw ConfigurationFault(key: "", reason: "\(error)", allowed: "a file that can be read")
    }
    guard bytes.count <= Self.longest else {
      throw ConfigurationFault(
        key: "", reason: "the file has more than \(Self.longest) bytes", allowed: "a JSON object")
    }
    let json: JSON
    do { json = try JSONReader.read(bytes) } catch {
      throw ConfigurationFault(key: "", reason: "\(error)", allowed: "a JSON object")
    }
    guard let object = json.object else {
      throw ConfigurationFault(key: "", reason: "the file is \(json.kindName)", allowed: "a JSON object")
    }
    return object
  }

  private func write(_ file: JSONObject) throws(WireError) {
    // Where people keep it elsewhere and link to it, what they keep there is meant.
    let target = Files.canonical(path) ?? path
    do throws(SystemError) {
      if let directory = Files.parent(of: target) { try Files.makeDirectory(directory) }
      try Files.replace(target, with: JSON.object(file).indented)
    } catch {
      throw WireError(
        kind: error.isStorageFull ? .storageFull : .storageFailed, message: "\(error)",
        hint: "nothing was changed", details: ["path": .string(path)])
    }
  }

  private static func unknown(_ key: String) -> ConfigurationFault {
    ConfigurationFault(
      key: Words.quoted(key), reason: "this version knows no such key",
      allowed: ConfigurationKey.all.map(\.name).joined(separator: ", "))
  }

  private func refusal(_ fault: ConfigurationFault) -> WireError {
    var details = fault.json.object ?? JSONObject()
    details["path"] = .string(path)
    return WireError(
      kind: .configInvalid, message: fault.key.isEmpty ? "\(path): \(fault.words)" : fault.words,
      hint: "mend it in \(path), or by config.set; null takes a value out", details: details)
  }
}
