package import ArrobaJSON

/// One thing that can be wrong: how it is, and how to mend it.
package struct Finding: Equatable {
  package enum Verdict: String {
    case ok, warn, fail
  }

  package let name: String
  package let verdict: Verdict
  package let message: String
  package let mend: String?

  package init(_ name: String, _ verdict: Verdict, _ message: String, mend: String? = nil) {
    self.name = name
    self.verdict = verdict
    self.message = message
    self.mend = mend
  }

  package var json: JSON {
    .record([
      "name": .string(name), "verdict": .string(verdict.rawValue), "message": .string(message),
      "mend": .text(mend),
    ])
  }

  /// A table of findings, below each what mends it.
  package static func lines(_ findings: [Finding], usesColour: Bool) -> [String] {
    zip(findings, Table.lines(findings.map(\.row), usesColour: usesColour)).flatMap { finding, line in
      [line] + (finding.mend.map { ["      \(Clean.line($0))"] } ?? [])
    }
  }

  private var row: [Cell] {
    let style: Style =
      switch verdict {
      case .ok: .green
      case .warn: .yellow
      case .fail: .red
      }
    return [Cell(verdict.rawValue, style), Cell(name), Cell(message)]
  }
}
