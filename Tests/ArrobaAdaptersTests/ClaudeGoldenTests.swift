import ArrobaJSON
import ArrobaModel
import ArrobaProvider
import ArrobaSystem
import Testing

@testable import ArrobaAdapters

/// Recorded lines in, our signals out, for every scenario of the real Claude Code, whole and disturbed.
@Suite struct ClaudeGoldenTests {
  /// ARROBA_WRITE_GOLDEN=1 writes them anew.
  @Test("A recorded scenario comes to the signals that stand beside it", arguments: ClaudeRecording.all)
  func golden(recording: ClaudeRecording) throws {
    var replay = ClaudeReplay(recording)
    replay.run()
    let place = "\(Recording.root)/\(ClaudeRecording.folder)/golden"
    let path = "\(place)/\(recording.name).txt"
    if Environment.all["ARROBA_WRITE_GOLDEN"] != nil {
      try Files.makeDirectory(place, mode: 0o755)
      try Files.replace(path, with: Array((replay.words.joined(separator: "\n") + "\n").utf8), mode: 0o644)
    }
    let golden = String(decoding: try Files.read(path, atMost: 4 << 20), as: UTF8.self)
    #expect(replay.words == golden.split(separator: "\n").map(String.init))
    expectLawful(replay)
  }

  private func expectLawful(_ replay: ClaudeReplay, _ comment: Comment? = nil) {
    for (law, offence) in ConversationLaws.offences(in: replay.hearing) {
      Issue.record("\(law): \(offence) \(comment.map { "\($0)" } ?? "")")
    }
  }

  @Test("The recordings are all there")
  func count() { #expect(ClaudeRecording.all.count == 47) }

  @Test(
    "Cut after any line, every turn has one end, and what was shown stays", arguments: ClaudeRecording.all)
  func cut(recording: ClaudeRecording) {
    for count in recording.lines.indices {
      var replay = ClaudeReplay(recording)
      replay.run(count)
      expectLawful(replay, "after \(count) lines")
      #expect(replay.hearing.ends.count == replay.hearing.submitted.count)
    }
  }

  @Test("A line that comes twice says nothing new", arguments: ClaudeRecording.all)
  func doubled(recording: ClaudeRecording) {
    var once = ClaudeReplay(recording)
    once.run()
    var twice = ClaudeReplay(recording)
    twice.doublesLines = true
    twice.run()
    #expect(twice.hearing.signals == once.hearing.signals)
  }

  @Test("Lines of unknown kinds are told once each, and change nothing", arguments: ClaudeRecording.all)
  func strangers(recording: ClaudeRecording) {
    var plain = ClaudeReplay(recording)
    plain.run()
    var mixed = ClaudeReplay(recording)
    mixed.mixesStrangers = true
    mixed.run()
    let kinds = mixed.hearing.signals.compactMap {
      if case .unrecognised(let kind) = $0.what { kind } else { nil }
    }
    let before = plain.hearing.signals.compactMap {
      if case .unrecognised(let kind) = $0.what { kind } else { nil }
    }
    #expect(before.isEmpty)
    let said = recording.lines.contains { $0.side == .said }
    #expect(kinds == (said ? ["hologram", "system hologram", "stream event hologram"] : []))
    #expect(
      mixed.hearing.signals.filter { if case .unrecognised = $0.what { false } else { true } }
        == plain.hearing.signals)
  }

  @Test(
    "Heard again from the turn's beginning, it comes to the same items and the same end",
    arguments: ClaudeRecording.all.filter { recording in
      recording.lines.contains { $0.side == .told && $0.json["type"] == "user" }
    })
  func again(recording: ClaudeRecording) throws {
    var first = ClaudeReplay(recording)
    first.run()
    let turn = try #require(first.hearing.submitted.last)
    let items = first.hearing.items(of: turn.text)
    let end = first.hearing.ends.last
    first.runAgain()
    expectLawful(first)
    #expect(first.hearing.items(of: turn.text) == items)
    // Whether we had stopped it, or denied it something, the kernel knows and tells; here nobody does.
    if end?.outcome != .cancelled { #expect(first.hearing.ends.last == end) }
  }
}
