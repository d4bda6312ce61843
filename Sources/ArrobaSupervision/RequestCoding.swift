extension SupervisorRequest {
  private enum Tag: UInt8 {
    case hello = 1
    case ready, spawn, signal, closeInput, forget, keep, drop, bye
  }

  package var packet: [UInt8] {
    var writer: PacketWriter
    switch self {
    case .hello(let version):
      writer = PacketWriter(type: Tag.hello.rawValue)
      writer.put(version)
    case .ready:
      writer = PacketWriter(type: Tag.ready.rawValue)
    case .spawn(let order):
      writer = PacketWriter(type: Tag.spawn.rawValue)
      writer.put(order)
    case .signal(let id, let number):
      writer = PacketWriter(type: Tag.signal.rawValue)
      writer.put(id)
      writer.put(number)
    case .closeInput(let id):
      writer = PacketWriter(type: Tag.closeInput.rawValue)
      writer.put(id)
    case .forget(let id):
      writer = PacketWriter(type: Tag.forget.rawValue)
      writer.put(id)
    case .keep(let name):
      writer = PacketWriter(type: Tag.keep.rawValue)
      writer.put(name)
    case .drop(let name):
      writer = PacketWriter(type: Tag.drop.rawValue)
      writer.put(name)
    case .bye(let farewell):
      writer = PacketWriter(type: Tag.bye.rawValue)
      writer.put(farewell.kind.rawValue)
      writer.put(farewell.reason)
    }
    return writer.bytes
  }

  /// Reads a packet; nil for a type that a newer daemon says and we do not know.
  package static func read(_ packet: [UInt8]) throws(PacketFault) -> SupervisorRequest? {
    var reader = PacketReader(packet)
    guard let tag = Tag(rawValue: try reader.number()) else { return nil }
    switch tag {
    case .hello: return .hello(version: try reader.number())
    case .ready: return .ready
    case .spawn: return .spawn(try reader.childBirth())
    case .signal: return .signal(id: try reader.text(), number: try reader.number())
    case .closeInput: return .closeInput(id: try reader.text())
    case .forget: return .forget(id: try reader.text())
    case .keep: return .keep(name: try reader.text())
    case .drop: return .drop(name: try reader.text())
    case .bye:
      guard let kind = Farewell.Kind(rawValue: try reader.number()) else {
        throw PacketFault("a farewell of an unknown kind")
      }
      return .bye(Farewell(kind, reason: try reader.text()))
    }
  }
}

private enum BirthTag {
  static let terminal: UInt8 = 0
  static let pipes: UInt8 = 1
  static let lines: UInt8 = 2
}

extension PacketWriter {
  fileprivate mutating func put(_ order: ChildBirth) {
    put(order.id)
    switch order.kind {
    case .terminal(let columns, let rows, let ringCapacity):
      put(BirthTag.terminal)
      put(columns)
      put(rows)
      put(UInt32(clamping: ringCapacity))
    case .pipes:
      put(BirthTag.pipes)
    case .lines(let ringCapacity):
      put(BirthTag.lines)
      put(UInt32(clamping: ringCapacity))
    }
    put(order.path)
    put(order.arguments)
    put(order.environment)
    put(order.directory)
  }
}

extension PacketReader {
  fileprivate mutating func childBirth() throws(PacketFault) -> ChildBirth {
    let id = try text()
    let kind: ChildBirth.Kind
    switch try number(as: UInt8.self) {
    case BirthTag.terminal:
      kind = .terminal(
        columns: try number(), rows: try number(), ringCapacity: Int(try number(as: UInt32.self)))
    case BirthTag.pipes: kind = .pipes
    case BirthTag.lines: kind = .lines(ringCapacity: Int(try number(as: UInt32.self)))
    default: throw PacketFault("a child of an unknown kind")
    }
    return ChildBirth(
      id: id, kind: kind, path: try text(), arguments: try texts(), environment: try texts(),
      directory: try text())
  }
}
