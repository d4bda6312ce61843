extension JSON {
  /// This value as people write it into a file: a member a line, two spaces a level, a line break at the end.
  package var indented: [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    Self.write(self, level: 0, into: &writer)
    writer.raw("\n")
    return writer.bytes
  }

  private static func write(_ value: JSON, level: Int, into writer: inout JSONWriter) {
    func line(_ level: Int) {
      writer.raw("\n")
      for _ in 0..<level { writer.raw("  ") }
    }
    switch value {
    case .object(let object) where !object.members.isEmpty:
      writer.raw("{")
      for (index, member) in object.members.enumerated() {
        if index > 0 { writer.raw(",") }
        line(level + 1)
        writer.string(member.key)
        writer.raw(": ")
        write(member.value, level: level + 1, into: &writer)
      }
      line(level)
      writer.raw("}")
    case .array(let elements) where !elements.isEmpty:
      writer.raw("[")
      for (index, element) in elements.enumerated() {
        if index > 0 { writer.raw(",") }
        line(level + 1)
        write(element, level: level + 1, into: &writer)
      }
      line(level)
      writer.raw("]")
    case .null, .bool, .int, .double, .string, .array, .object: writer.write(value)
    }
  }
}
