import ArrobaJSON
import ArrobaSupervision
import ArrobaSystem
import Testing

@testable import ArrobaAdapters

/// What a real server said in one scenario, and what it was asked; see Tests/Fixtures/opencode/trim.py.
struct Recording: Sendable, CustomTestStringConvertible {
  enum Step: Sendable {
    case event(OpenCodeEvent)
    case streamEnded
    case called(Call)
    /// The call of that index among the steps was answered.
    case answered(Call)
  }

  struct Call: Sendable {
    let call: String
    let body: JSON
    let status: Int
    let answer: JSON

    /// "ses_…" of "POST /session/ses_…/abort".
    var subject: String { call.split(separator: "/").dropFirst(2).first.map(String.init) ?? "" }
    var action: String { call.split(separator: "/").last.map(String.init) ?? "" }
    var isPost: Bool { call.hasPrefix("POST") }
  }

  let name: String
  let baseMs: Int
  let steps: [(ms: Int, step: Step)]

  var testDescription: String { name }

  static let folder = "Tests/Fixtures/opencode"

  static let all: [Recording] = {
    let place = "\(root)/\(folder)"
    do {
      return try Files.list(place).filter { $0.hasSuffix(".ndjson") }.map {
        try Recording(String($0.dropLast(7)), at: "\(place)/\($0)")
      }
    } catch {
      Issue.record("cannot read the recordings: \(error)")
      return []
    }
  }()

  /// Those of versions that number their events, and without gaps.
  static let complete = all.filter {
    !$0.name.hasPrefix("old-1.2.") && !["bigtext", "slow-reader"].contains($0.name)
  }

  static func named(_ name: String) throws -> Recording {
    try #require(all.first { $0.name == name }, "there is no recording \(name)")
  }

  static let root: String = {
    var top = #filePath
    for _ in 0..<3 { top = Files.parent(of: top) ?? top }
    return top
  }()

  private init(_ name: String, at path: String) throws {
    self.name = name
    var steps: [(ms: Int, order: Int, step: Step)] = []
    var base = 0
    for line in try Files.read(path, atMost: 16 << 20).split(separator: 0x0A) {
      let json = try JSONReader.read(line)
      if let ms = json["base"]?.int { base = ms }
      guard let ms = json["t"]?.int else { continue }
      if let event = json["event"] {
        guard let event = OpenCodeEvent(event) else { continue }
        steps.append((ms, 1, .event(event)))
      } else if json["end"] != nil {
        steps.append((ms, 1, .streamEnded))
      } else if let call = json["call"]?.string {
        let call = Call(
          call: call, body: json["body"] ?? .null, status: json["status"]?.int ?? 0,
          answer: json["answer"] ?? .null)
        steps.append((ms, 0, .called(call)))
        steps.append((json["done"]?.int ?? ms, 2, .answered(call)))
      }
    }
    baseMs = base
    self.steps = steps.enumerated().sorted { a, b in
      (a.element.ms, a.element.order, a.offset) < (b.element.ms, b.element.order, b.offset)
    }.map { ($0.element.ms, $0.element.step) }
  }
}
