import ArrobaJSON
import ArrobaSystem
import ArrobaTestSupport
import ArrobaWire
import Testing

/// Runs each test on a thread of its own, a few at a time: journeys wait in system calls, which would stop the pool.
struct Journey: SuiteTrait, TestTrait, TestScoping {
  var isRecursive: Bool { true }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await function() }
    await Gate.shared.enter()
    do {
      try await withTaskExecutorPreference(ThreadPerJob()) { try await function() }
    } catch {
      await Gate.shared.leave()
      throw error
    }
    await Gate.shared.leave()
  }
}

extension Trait where Self == Journey {
  static var journey: Journey { Journey() }
}

private final class ThreadPerJob: TaskExecutor {
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    Threads.start("journey") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// As many journeys at a time as two cores bear while most of them wait.
private actor Gate {
  static let shared = Gate()
  private var free = 4
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func enter() async {
    guard free == 0 else {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}

/// Runs `body` with a daemon that serves, ends it afterwards, and complains about what is left behind.
func withDaemon(_ manner: DaemonUnderTest.Manner = .init(), _ body: (DaemonUnderTest) throws -> Void) throws {
  let daemon = DaemonUnderTest()
  try daemon.start(manner)
  try body(daemon)
  try daemon.stop()
}

extension DaemonUnderTest {
  /// A session with one agent that runs this script; answers the session as it was created.
  func session(_ script: String, alias: String? = nil, by client: WireClient? = nil) throws -> JSON {
    try (client ?? self.client()).request(
      "session.create",
      .record([
        "workspace": .string(workspace), "alias": .text(alias), "agents": [Self.agent(script)],
      ]))
  }

  /// A session with one agent that runs `journey-stub`, which stands beside the tests.
  func session(stub words: [String]) throws -> JSON {
    let argv = ([Self.beside("journey-stub")] + words).map { JSON.string($0) }
    return try client().request(
      "session.create", ["workspace": .string(workspace), "agents": [["argv": .array(argv)]]])
  }

  var workspace: String { house.path("work") }

  static func agent(_ script: String) -> JSON {
    ["provider": "terminal", "argv": ["/bin/sh", "-c", .string(script)]]
  }

  /// The pid of a session's first agent, once its program has started.
  func program(of session: String, agent: Int = 0) throws -> Int32 {
    let client = try client()
    return try Deadline.until("a program in \(session)") {
      try client.request("session.get", ["session": .string(session)]).at("agents.\(agent).run")["pid"]?.int
        .map { Int32($0) }
    }
  }
}

extension WireClient {
  /// The error that a request was answered with.
  func error(of id: Int) throws -> WireError {
    switch try result(of: id) {
    case .success(let json):
      throw Silence("request \(id) was answered with \(json.shown) instead of an error")
    case .failure(let error): return error
    }
  }
}

extension DaemonUnderTest {
  func permissions(of path: String) throws -> UInt32 {
    guard let status = Files.status(path) else { throw Silence("there is no \(path)") }
    return status.permissions
  }
}

extension DaemonUnderTest {
  /// Waits until no program of the session runs.
  func awaitEnded(_ session: String) throws {
    let client = try client()
    try Deadline.until("the end of all programs in \(session)") {
      try client.request("session.get", ["session": .string(session)]).list("agents").allSatisfy {
        $0["run"]?["state"]?.string == "ended"
      }
    }
  }
}

extension JSON {
  var members: [JSONObject.Member] { object?.members ?? [] }
}

extension WireTerminal {
  /// What this client has seen: the last repaint, and what came behind it.
  var seen: String { String(decoding: (repaints.last?.bytes ?? []) + output, as: UTF8.self) }
}

extension DaemonUnderTest {
  /// The screen as lines of text.
  func screen(of session: String) throws -> [String] {
    try client().request("terminal.screen", ["session": .string(session)]).list("text").compactMap(\.string)
  }

  func screen(of session: String, shows text: String) throws {
    try Deadline.until("'\(text)' on the screen") { try screen(of: session).contains { $0.contains(text) } }
  }
}

extension WireTerminal {
  func ends(with text: String) -> Bool { output.suffix(text.utf8.count) == Array(text.utf8)[...] }
}
