import ArrobaModel
import ArrobaSupervision
import ArrobaProvider
import ArrobaSystem
import Testing

@testable import ArrobaAdapters

/// Recorded events in, our signals out, for every scenario of a real server. ARROBA_WRITE_GOLDEN=1 writes them anew.
@Suite struct OpenCodeGoldenTests {
  @Test("A recorded scenario comes to the signals that stand beside it", arguments: Recording.all)
  func golden(recording: Recording) throws {
    var replay = Replay(recording)
    replay.run()
    var words = SignalWords()
    let text = words.lines(replay)
    let path = "\(Recording.root)/\(Recording.folder)/golden/\(recording.name).txt"
    if Environment.all["ARROBA_WRITE_GOLDEN"] != nil {
      try Files.makeDirectory("\(Recording.root)/\(Recording.folder)/golden", mode: 0o755)
      try Files.replace(path, with: Array(text.utf8), mode: 0o644)
    }
    let golden = String(decoding: try Files.read(path, atMost: 4 << 20), as: UTF8.self)
    #expect(text.split(separator: "\n") == golden.split(separator: "\n"))
  }
}
