import ArrobaClient
import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport

@testable import ArrobaCLI

/// A conversation without anybody in front of it: what it would show is kept, and the test turns the wheel.
final class TalkUnderTest: TalkFace {
  let isLive: Bool
  private(set) var lines: [ShownLine] = []
  private(set) var talk: TalkSession?

  init(isLive: Bool = true) { self.isLive = isLive }

  func show(_ lines: [ShownLine], _ source: TalkSession.Source) { self.lines += lines }

  var session: TalkSession {
    get throws {
      guard let talk else { throw Silence("no conversation was begun") }
      return talk
    }
  }

  /// What was shown, gutters and all.
  var texts: [String] { lines.map { $0.text(usesColour: false) } }

  func forget() { lines = [] }

  /// Connects to the daemon, and opens a session in it.
  func open(_ daemon: FakeDaemon, _ reference: String = "build", agent: String? = nil) throws {
    let environment = [
      "ARROBA_SOCKET": daemon.path, "ARROBA_STATE_DIR": daemon.house.path("state"),
      "ARROBA_LOG_DIR": daemon.house.path("logs"), "HOME": daemon.house.path,
    ]
    var globals = GlobalOptions()
    globals.hasNoStart = true
    let output = Output(isJSON: false, isQuiet: false, usesColour: false) { _, _ in }
    let context = try Context(globals: globals, environment: environment, output: output)
    let connection = try context.client.connection()
    _ = try connection.call("daemon.ping", [:], timeoutMs: nil)
    let made = TalkSession(
      context, link: TalkLink(connection, client: context.client, session: nil), face: self)
    talk = made
    made.open(reference, agent: agent)
    try wait("the session") { made.conversation != nil || made.outcome != nil }
    try settle()
  }

  /// Waits until the daemon has answered all that it was asked, subscriptions too: it answers in order.
  func settle() throws {
    let session = try session
    guard session.outcome == nil else { return }
    try wait("all answers") { !session.isAsking }
    session.ask("daemon.ping", [:]) { _ in }
    try wait("the last answer") { !session.isAsking }
  }

  /// Heeds what the daemon sends until it is as wanted.
  func wait(_ what: String, until isSo: () -> Bool) throws {
    let session = try session
    let deadline = Clock.monotonicMs() + 20_000
    while !isSo() {
      guard case .arrivals(let arrivals) = session.link.next(until: deadline, nil) else {
        throw Silence("waited for \(what); shown is \(texts)")
      }
      for arrival in arrivals { session.heed(arrival) }
    }
  }

  func wait(for text: String) throws {
    try wait("'\(text)'") { texts.contains(text) }
  }
}
