internal import ArrobaHTTP
internal import ArrobaJSON
internal import ArrobaLoop

/// The calls of one look at a session, side by side.
@LoopActor
final class OpenCodeLookUp {
  /// More than a turn comes to, but for the longest.
  private static let newest = 100

  private let connection: OpenCodeConnection
  private let session: String
  private let directory: String
  private let children: [String]
  private var look: OpenCodeLook
  private var open = 0
  private var done: (@LoopActor (OpenCodeLook) -> Void)?

  init(_ connection: OpenCodeConnection, session: String, directory: String, children: [String]) {
    self.connection = connection
    self.session = session
    self.directory = directory
    self.children = children
    look = OpenCodeLook(askedMs: LoopClock.nowMs())
    look.directory = directory
  }

  /// `all`: the messages from the first on; else the newest ones.
  func run(all: Bool, done: @escaping @LoopActor (OpenCodeLook) -> Void) {
    self.done = done
    open = 1
    ask(OpenCodeCall.messages(of: session, in: directory, limit: all ? nil : Self.newest)) { look, json in
      look.messages = json.array?.compactMap { OpenCodeStoredMessage($0, session: nil) }
    }
    ask(OpenCodeCall.statuses(in: directory)) { look, json in
      guard let members = json.object?.members else { return }
      look.statuses = [:]
      for member in members { look.statuses?[member.key] = OpenCodeStatus(member.value) }
    }
    ask(OpenCodeCall.permissions(in: directory)) { look, json in
      look.permissions = json.array?.compactMap { OpenCodePermission($0) }
    }
    ask(OpenCodeCall.questions(in: directory)) { look, json in
      look.questions = json.array?.compactMap { OpenCodeQuestions($0) }
    }
    ask(OpenCodeCall.children(of: session, in: directory)) { look, json in
      look.children = (json.array ?? []).compactMap { OpenCodeSession($0) }
    }
    for child in children {
      ask(OpenCodeCall.messages(of: child, in: directory, limit: Self.newest)) { look, json in
        look.childMessages += (json.array ?? []).compactMap { OpenCodeStoredMessage($0, session: child) }
      }
    }
    finishOne()
  }

  private func ask(_ request: HTTPRequest, _ take: @escaping @LoopActor (inout OpenCodeLook, JSON) -> Void) {
    open += 1
    connection.send(request) { result in
      // A part that cannot be had is left out; the translator knows what that means.
      if case .success(let json) = result { take(&self.look, json) }
      self.finishOne()
    }
  }

  private func finishOne() {
    open -= 1
    guard open == 0 else { return }
    let done = self.done
    self.done = nil
    done?(look)
  }
}
