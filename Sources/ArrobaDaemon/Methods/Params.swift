internal import ArrobaJSON
internal import ArrobaWire

/// The parameters of a request, read field by field. What is wrong is named: the field, what was expected, what came.
struct Params {
  let method: String
  let object: JSONObject

  init(_ json: JSON, of method: String) throws(WireError) {
    self.method = method
    switch json {
    case .object(let object): self.object = object
    case .null: object = JSONObject()
    case .bool, .int, .double, .string, .array:
      throw Self.invalid("params", expected: "an object", got: json)
    }
  }

  /// What people type, and what may hold a secret: no error repeats it (protocol.md, section 4).
  private static let unrepeated: Set<String> = [
    "text", "keys", "bytes", "base64", "env", "argv", "note", "choice", "attachments", "agents", "params",
  ]

  static func invalid(_ field: String, expected: String, got: JSON?) -> WireError {
    let name = field.prefix { $0 != "[" && $0 != "." }
    let came = got.map { json in
      switch json {
      case .string(let text) where unrepeated.contains(String(name)):
        "a string of \(text.utf8.count) byte\(text.utf8.count == 1 ? "" : "s")"
      case .string(let text): "'\(text.count > 60 ? String(text.prefix(60)) + "…" : text)'"
      case .int(let number): "\(number)"
      case .null, .bool, .double, .array, .object: json.kindName
      }
    }
    return WireError(
      code: WireError.invalidParams, kind: nil,
      message: "\(field): \(expected) is expected, \(came.map { "\($0) came" } ?? "nothing came")",
      details: ["field": .string(field)])
  }

  /// Absent and null are the same.
  subscript(field: String) -> JSON? {
    guard let value = object[field], !value.isNull else { return nil }
    return value
  }

  func text(_ field: String, atMost limit: Int = 4096) throws(WireError) -> String? {
    guard let value = self[field] else { return nil }
    guard let text = value.string else { throw Self.invalid(field, expected: "a string", got: value) }
    guard text.utf8.count <= limit else {
      throw Self.invalid(field, expected: "a string of at most \(limit) bytes", got: value)
    }
    guard !text.utf8.contains(0) else {
      throw Self.invalid(field, expected: "a string without zero bytes", got: value)
    }
    return text
  }

  func requiredText(_ field: String, atMost limit: Int = 4096) throws(WireError) -> String {
    guard let text = try text(field, atMost: limit) else {
      throw Self.invalid(field, expected: "a string", got: nil)
    }
    return text
  }

  func flag(_ field: String) throws(WireError) -> Bool {
    guard let value = self[field] else { return false }
    guard let flag = value.bool else { throw Self.invalid(field, expected: "true or false", got: value) }
    return flag
  }

  func number(_ field: String, in range: ClosedRange<Int>) throws(WireError) -> Int? {
    guard let value = self[field] else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw Self.invalid(
        field, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)", got: value)
    }
    return number
  }

  func size() throws(WireError) -> (columns: UInt16, rows: UInt16)? {
    let columns = try number("cols", in: Self.sides)
    let rows = try number("rows", in: Self.sides)
    switch (columns, rows) {
    case (let columns?, let rows?): return (UInt16(columns), UInt16(rows))
    case (nil, nil): return nil
    case (nil, _): throw Self.invalid("cols", expected: "a whole number beside rows", got: nil)
    case (_, nil): throw Self.invalid("rows", expected: "a whole number beside cols", got: nil)
    }
  }

  /// More than any screen; little enough that a screen model stays small.
  static let sides = 1...2000

  func list(_ field: String, atMost limit: Int) throws(WireError) -> [JSON]? {
    guard let value = self[field] else { return nil }
    guard let list = value.array else { throw Self.invalid(field, expected: "an array", got: value) }
    guard list.count <= limit else {
      throw Self.invalid(field, expected: "an array of at most \(limit)", got: .int(list.count))
    }
    return list
  }

  func texts(_ field: String, atMost limit: Int) throws(WireError) -> [String]? {
    guard let list = try list(field, atMost: limit) else { return nil }
    var texts: [String] = []
    for (index, value) in list.enumerated() {
      guard let text = value.string, !text.utf8.contains(0) else {
        throw Self.invalid("\(field)[\(index)]", expected: "a string without zero bytes", got: value)
      }
      texts.append(text)
    }
    return texts
  }

  /// The client's id for the command, reused when it repeats the request.
  func commandID() throws(WireError) -> String? {
    guard let value = self["commandId"] else { return nil }
    let id = value.string ?? ""
    let isPlain = id.utf8.allSatisfy { byte in
      (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == 45
        || byte == 95
    }
    guard isPlain, (1...64).contains(id.utf8.count) else {
      throw Self.invalid("commandId", expected: "1 to 64 of A-Z a-z 0-9 _ -", got: value)
    }
    return id
  }

  /// The same for the same method with the same parameters, whatever the order of the fields.
  var fingerprint: String {
    var hash = StableHash(method)
    var params = object
    params["commandId"] = nil
    hash.mix([0])
    hash.mix(Self.ordered(.object(params)).encoded)
    return String(hash.value, radix: 16)
  }

  private static func ordered(_ json: JSON) -> JSON {
    switch json {
    case .object(let object):
      .object(
        JSONObject(
          object.members.sorted { $0.key < $1.key }.map {
            JSONObject.Member(key: $0.key, value: ordered($0.value))
          }))
    case .array(let items): .array(items.map { ordered($0) })
    case .null, .bool, .int, .double, .string: json
    }
  }
}
