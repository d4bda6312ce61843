import ArrobaJSON
import CPty
import Glibc

/// Speaks as Claude Code 2.1.330 does over its pipes, and does what marks in a prompt say: `[[gate FILE]]`,
/// `[[tool-ask CMD]]`. Nothing is ever run. It keeps of each conversation that it was there, below CLAUDE_STUB_DATA.
@main
enum ClaudeStub {
  static func main() {
    let arguments = CommandLine.arguments
    func value(_ name: String) -> String? {
      arguments.firstIndex(of: name).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
    }
    let data = getenv("CLAUDE_STUB_DATA").map { String(cString: $0) } ?? "/tmp"
    let wire = Wire()
    if let resume = value("--resume") {
      guard access("\(data)/\(resume)", F_OK) == 0 else {
        let words = "No conversation found with session ID: \(resume)"
        Wire.complain(words)
        wire.say([
          "type": "result", "subtype": "error_during_execution", "is_error": true, "errors": [.string(words)],
        ])
        exit(1)
      }
      Stub(wire, session: resume, data: data).run()
    }
    guard let session = value("--session-id"), session.utf8.count == 36 else {
      Wire.complain("Error: Invalid session ID. Must be a valid UUID.")
      exit(1)
    }
    guard access("\(data)/\(session)", F_OK) != 0 else {
      Wire.complain("Error: Session ID \(session) is already in use.")
      exit(1)
    }
    Stub(wire, session: session, data: data).run()
  }
}

/// Lines in and out.
final class Wire {
  private var pending: [UInt8] = []
  private var count = 0
  private(set) var isAtEnd = false

  static func complain(_ text: String) {
    var line = "\(text)\n"
    _ = line.withUTF8 { write(2, $0.baseAddress, $0.count) }
  }

  func say(_ json: JSON) {
    var json = json
    if case .object(var object) = json, object["uuid"] == nil {
      count += 1
      object["uuid"] = .string("line-\(getpid())-\(count)")
      json = .object(object)
    }
    var writer = JSONWriter()
    writer.write(json)
    let bytes = writer.bytes + [0x0A]
    send(bytes)
  }

  private func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let went = bytes.withUnsafeBytes { write(1, $0.baseAddress.map { $0 + sent }, bytes.count - sent) }
      guard went > 0 else { exit(1) }
      sent += went
    }
  }

  /// The next line; nil where none comes within that time, or ever.
  func next(withinMs ms: Int32) -> JSON? {
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        let line = Array(pending[..<end])
        pending.removeFirst(end + 1)
        guard let json = try? JSONReader.read(line) else {
          Wire.complain("Error parsing streaming input line (type=unknown, \(line.count) chars): SyntaxError")
          exit(1)
        }
        return json
      }
      guard !isAtEnd else {
        if ms > 0 { poll(nil, 0, ms) }
        return nil
      }
      var watched = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, ms) > 0 else { return nil }
      var block = [UInt8](repeating: 0, count: 64 << 10)
      let got = read(0, &block, block.count)
      guard got > 0 else {
        isAtEnd = true
        continue
      }
      pending += block[..<got]
    }
  }
}
