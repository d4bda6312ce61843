import ArrobaJSON
import ArrobaSystem
import Testing

@testable import ArrobaModel

/// The screens of real agents and programs, as they were at the markers of their recordings.
@Suite("Questions on recorded screens")
struct RecordedQuestionTests {
  private static var folder: String {
    let here = Files.parent(of: #filePath) ?? "/"
    return "\(here)/../Fixtures/terminal/recordings"
  }

  /// What asks, by recording and marker. On all other screens somebody works, rests, or has ended.
  private static let asking = [
    "claude-code-tui-first-run-dialogs-120x40 trust-dialog": "No, exit",
    "claude-code-tui-first-run-dialogs-120x40 trust-yes-selected": "Yes, I trust this folder",
    "claude-code-tui-first-run-dialogs-120x40 api-key-dialog": "Do you want to use this API key?",
    "claude-code-tui-first-run-dialogs-120x40 api-key-yes-selected": "Do you want to use this API key?",
    "claude-code-tui-first-run-dialogs-80x24 trust-dialog": "No, exit",
    "claude-code-tui-first-run-dialogs-80x24 trust-yes-selected": "Yes, I trust this folder",
    "claude-code-tui-first-run-dialogs-80x24 api-key-dialog": "Do you want to use this API key?",
    "claude-code-tui-first-run-dialogs-80x24 api-key-yes-selected": "Do you want to use this API key?",
    "claude-code-tui-permission-120x40 question": "Do you want to proceed?",
    "claude-code-tui-permission-120x40 question2": "Do you want to proceed?",
    "claude-code-tui-permission-80x24 question": "Do you want to proceed?",
    "claude-code-tui-permission-80x24 question2": "Do you want to proceed?",
    "claude-code-tui-write-diff-120x40 question": "Do you want to create hello-6274.py?",
    "codex-tui-approval-120x40 question": "Would you like to run the following command?",
    "codex-tui-approval-80x24 question": "Would you like to run the following command?",
    "codex-tui-approval-80x24 question2": "Would you like to run the following command?",
    "codex-tui-first-run-model-migration-80x24 dialog": "1. Try new model",
    "codex-tui-first-run-no-config-80x24 first-screen": "1. Sign in with ChatGPT",
    "mistral-vibe-acp-tui-native-80x24 question": "4. Deny",
  ]

  @Test("A dialog of an agent is a question, its other screens are none")
  func screens() throws {
    var found: [String: String] = [:]
    var count = 0
    for name in try Files.list(Self.folder) {
      let bytes = try Files.read("\(Self.folder)/\(name)", atMost: 8 << 20)
      for line in bytes.split(separator: 0x0A) {
        guard let parts = try JSONReader.read(Array(line)).array, parts[0] == "m" else { continue }
        count += 1
        let rows = (parts[3].string ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let question = ScreenQuestion(
          rows: rows.map(String.init), cursorRow: parts[2]["cursor_y"]?.int ?? 0,
          cursorColumn: parts[2]["cursor_x"]?.int ?? 0)
        guard let reason = question.reason else { continue }
        found["\(name.dropLast(".ndjson".count)) \(parts[1].string ?? "")"] = String(
          reason.dropFirst("asks: ".count))
      }
    }
    #expect(count > 100)
    #expect(found == Self.asking)
  }
}
