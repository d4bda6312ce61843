internal import ArrobaJSON
internal import ArrobaModel
internal import ArrobaWire

/// The lines that Claude Code is told.
enum ClaudeCalls {
  static let initializeID = "arroba-initialize"

  /// Without it nothing is written before the first prompt, and nobody would know that the process is up.
  static let initialize: JSON = [
    "type": "control_request", "request_id": .string(initializeID),
    "request": ["subtype": "initialize", "hooks": nil],
  ]

  static func interrupt(_ number: Int) -> JSON {
    [
      "type": "control_request", "request_id": .string("arroba-interrupt-\(number)"),
      "request": ["subtype": "interrupt"],
    ]
  }

  static func done(_ request: String) -> JSON {
    [
      "type": "control_response",
      "response": ["subtype": "success", "request_id": .string(request), "response": .object(JSONObject())],
    ]
  }

  static func refused(_ request: String, _ subtype: String) -> JSON {
    [
      "type": "control_response",
      "response": [
        "subtype": "error", "request_id": .string(request),
        "error": .string("Arroba does not know the request \(subtype)"),
      ],
    ]
  }

  /// A prompt, with its pictures before it. Other files are named: Claude Code reads them itself.
  static func prompt(
    _ text: String, mark: String, pictures: [(type: String, bytes: [UInt8])], files: [String]
  ) -> JSON {
    let words = files.isEmpty ? text : "\(text)\n\n" + files.map { "@\($0)" }.joined(separator: "\n")
    var content: JSON = .string(words)
    if !pictures.isEmpty {
      let blocks = pictures.map { picture -> JSON in
        [
          "type": "image",
          "source": [
            "type": "base64", "media_type": .string(picture.type),
            "data": .string(Base64.encode(picture.bytes)),
          ],
        ]
      }
      content = .array(blocks + [["type": "text", "text": .string(words)]])
    }
    return [
      "type": "user", "uuid": .string(mark), "parent_tool_use_id": nil, "session_id": "",
      "message": ["role": "user", "content": content],
    ]
  }

  /// The name of a prompt at Claude Code: the same for the same prompt, whoever asks, so that a daemon that takes over finds
  /// what its predecessor sent.
  static func mark(of prompt: PromptID) -> String {
    uuid(StableHash(prompt.text).value, StableHash("\(prompt.text)/second").value)
  }

  static func uuid(_ high: UInt64, _ low: UInt64) -> String {
    // The bits that say that it is one of version 4.
    let a = hex(high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000)
    let b = hex(low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    let parts = [a.prefix(8), a.dropFirst(8).prefix(4), a.suffix(4), b.prefix(4), b.suffix(12)]
    return parts.joined(separator: "-")
  }

  private static func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }
}
