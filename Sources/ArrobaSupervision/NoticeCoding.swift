extension SupervisorNotice {
  private enum Tag: UInt8 {
    case hello = 1
    case kept, child, handedOver, spawned, spawnFailed, exited
  }

  package var packet: [UInt8] {
    var writer: PacketWriter
    switch self {
    case .hello(let version, let pid, let startedAtMs):
      writer = PacketWriter(type: Tag.hello.rawValue)
      writer.put(version)
      writer.put(pid)
      writer.put(startedAtMs)
    case .kept(let name):
      writer = PacketWriter(type: Tag.kept.rawValue)
      writer.put(name)
    case .child(let id, let pid, let channels, let end):
      writer = PacketWriter(type: Tag.child.rawValue)
      writer.put(id)
      writer.put(pid)
      writer.put(channels)
      writer.put(end)
    case .handedOver:
      writer = PacketWriter(type: Tag.handedOver.rawValue)
    case .spawned(let id, let pid):
      writer = PacketWriter(type: Tag.spawned.rawValue)
      writer.put(id)
      writer.put(pid)
    case .spawnFailed(let id, let stage, let code):
      writer = PacketWriter(type: Tag.spawnFailed.rawValue)
      writer.put(id)
      writer.put(stage.rawValue)
      writer.put(code)
    case .exited(let id, let end):
      writer = PacketWriter(type: Tag.exited.rawValue)
      writer.put(id)
      writer.put(end)
    }
    return writer.bytes
  }

  /// Reads a packet; nil for a type that a newer supervisor says and we do not know.
  package static func read(_ packet: [UInt8]) throws(PacketFault) -> SupervisorNotice? {
    var reader = PacketReader(packet)
    guard let tag = Tag(rawValue: try reader.number()) else { return nil }
    switch tag {
    case .hello:
      return .hello(version: try reader.number(), pid: try reader.number(), startedAtMs: try reader.number())
    case .kept: return .kept(name: try reader.text())
    case .child:
      return .child(
        id: try reader.text(), pid: try reader.number(), channels: try reader.channels(),
        end: try reader.end())
    case .handedOver: return .handedOver
    case .spawned: return .spawned(id: try reader.text(), pid: try reader.number())
    case .spawnFailed:
      let id = try reader.text()
      // A stage that only a newer supervisor knows is still a failure, with its errno.
      let stage = BirthStage(rawValue: try reader.number()) ?? .fork
      return .spawnFailed(id: id, stage: stage, code: try reader.number())
    case .exited:
      let id = try reader.text()
      guard let end = try reader.end() else { throw PacketFault("an end without a status") }
      return .exited(id: id, end: end)
    }
  }
}

private enum EndTag {
  static let none: UInt8 = 0
  static let code: UInt8 = 1
  static let signal: UInt8 = 2
}

private enum ChannelsTag {
  static let terminal: UInt8 = 0
  static let pipes: UInt8 = 1
}

extension PacketWriter {
  fileprivate mutating func put(_ end: ChildEnd?) {
    switch end {
    case nil: put(EndTag.none)
    case .code(let code):
      put(EndTag.code)
      put(code)
    case .signal(let number):
      put(EndTag.signal)
      put(number)
    }
  }

  fileprivate mutating func put(_ channels: HandedChannels) {
    switch channels {
    case .terminal: put(ChannelsTag.terminal)
    case .pipes(let input, let outputRing, let errorRing):
      put(ChannelsTag.pipes)
      put(input)
      put(outputRing)
      put(errorRing)
    }
  }
}

extension PacketReader {
  fileprivate mutating func end() throws(PacketFault) -> ChildEnd? {
    switch try number(as: UInt8.self) {
    case EndTag.none: return nil
    case EndTag.code: return .code(try number())
    case EndTag.signal: return .signal(try number())
    default: throw PacketFault("an end of an unknown kind")
    }
  }

  fileprivate mutating func channels() throws(PacketFault) -> HandedChannels {
    switch try number(as: UInt8.self) {
    case ChannelsTag.terminal: return .terminal
    case ChannelsTag.pipes: return .pipes(input: try flag(), outputRing: try flag(), errorRing: try flag())
    default: throw PacketFault("channels of an unknown kind")
    }
  }
}
