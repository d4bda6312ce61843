internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem
internal import ArrobaWire

/// One start of a server of ours: from its birth to the line by which it says where it listens.
@LoopActor
final class OpenCodeLaunch {
  enum Outcome {
    case born(id: String, pid: Int)
    case ready(base: String)
    /// The last one.
    case failed(ProviderTrouble)
  }

  private static let mostKeptLines = 20

  let executable: String
  let port: Int
  private let readyMs: Int
  /// New for each start.
  let password: String
  private var outcome: (@LoopActor (Outcome) -> Void)?
  private var output = LineSplitter(limit: 64 << 10)
  private var errorOutput = LineSplitter(limit: 64 << 10)
  /// What it said last, for the words of a failure.
  private var said: [String] = []
  private var deadline: LoopTimer?
  private var pipes: (any PipeLane)?
  /// It has ended, and what it said last may still be on its way.
  private var end: ExitStatus?
  private var hasSaidAll = true

  init(executable: String, port: Int, readyMs: Int) {
    self.readyMs = readyMs
    self.executable = executable
    self.port = port
    var generator = SystemRandomNumberGenerator()
    password = RandomText.letters(40, using: &generator)
  }

  func start(
    _ installation: OpenCodeInstallation, state: String, host: any ChildHost,
    outcome: @escaping @LoopActor (Outcome) -> Void
  ) {
    self.outcome = outcome
    var generator = SystemRandomNumberGenerator()
    let directory = "\(state)/opencode"
    let birth = ChildBirth(
      id: "server-\(RandomText.letters(6, using: &generator))", kind: .pipes, path: executable,
      arguments: ["opencode", "serve", "--hostname", "127.0.0.1", "--port", "\(port)"],
      environment: installation.serverEnvironment(password: password), directory: directory)
    do throws(SystemError) {
      try Files.makeDirectory(directory)
    } catch {
      return fail("\(error)")
    }
    host.spawn(birth) { [weak self] result in
      switch result {
      case .failure(let failure): self?.fail(failure.message)
      case .success(let child): self?.born(child, state: state)
      }
    }
    deadline = Loop.shared.after(readyMs) { [weak self, readyMs] in
      self?.fail("OpenCode did not say within \(readyMs / 1000) s where it listens")
    }
  }

  private func born(_ child: BornChild, state: String) {
    let note = OpenCodeServerNote(
      pid: child.pid, startTicks: Processes.startTicks(of: child.pid) ?? 0, boot: Clock.bootID(), port: port,
      password: password, executable: executable)
    outcome?(.born(id: child.id, pid: child.pid))
    do throws(SystemError) {
      try note.write(in: state)
    } catch {
      return fail("\(error)")
    }
    pipes = child.pipes
    hasSaidAll = child.pipes == nil
    child.pipes?.closeInput()
    child.pipes?.start(
      onOutput: { [weak self] in self?.heard($0, isError: false) },
      onErrorOutput: { [weak self] in self?.heard($0, isError: true) },
      onEnd: { [weak self] in
        self?.hasSaidAll = true
        self?.failIfEnded()
      })
  }

  private func heard(_ bytes: [UInt8], isError: Bool) {
    // After the start nobody reads what it says, but somebody has to take it.
    guard outcome != nil else { return }
    if isError { take(bytes, &errorOutput) } else { take(bytes, &output) }
  }

  private func take(_ bytes: [UInt8], _ splitter: inout LineSplitter) {
    splitter.feed(bytes)
    while let line = try? splitter.next() {  // a line that is too long is no ready line
      heard(line: String(decoding: line, as: UTF8.self))
      if outcome == nil { return }
    }
  }

  private func heard(line: String) {
    switch OpenCodeReadyLine(line) {
    case .ready(let base):
      deadline?.cancel()
      let outcome = self.outcome
      self.outcome = nil
      outcome?(.ready(base: base))
    case .otherGeneration: fail(OpenCodeIdentity.tooNew("2"))
    case .none:
      guard !line.contains(password) else { return }
      said.append(String(line.prefix(500)))
      if said.count > Self.mostKeptLines { said.removeFirst() }
    }
  }

  /// The process has ended before it was ready.
  func ended(_ status: ExitStatus) {
    end = status
    failIfEnded()
    guard !hasSaidAll else { return }
    // A process that it left behind may hold its output open.
    Loop.shared.after(Self.lastWordsMs) { [weak self] in
      self?.hasSaidAll = true
      self?.failIfEnded()
    }
  }

  private static let lastWordsMs = 500

  private func failIfEnded() {
    guard let end, hasSaidAll else { return }
    fail("OpenCode ended \(end.words) before it was ready")
  }

  private func fail(_ reason: String) {
    let last = said.last { !$0.allSatisfy(\.isWhitespace) }
    fail(
      ProviderTrouble(
        last.map { "\(reason): \(Words.quoted($0))" } ?? reason, hint: "run: \(executable) serve"))
  }

  private func fail(_ trouble: ProviderTrouble) {
    deadline?.cancel()
    let outcome = self.outcome
    self.outcome = nil
    outcome?(.failed(trouble))
  }
}

/// What a line of a server's output says about where it listens.
enum OpenCodeReadyLine: Equatable {
  case ready(base: String)
  /// As a 2.x server says it.
  case otherGeneration
  case none

  init(_ line: String) {
    let mark = "opencode server listening on "
    if line.hasPrefix(mark) {
      let base = line.dropFirst(mark.count).prefix { !$0.isWhitespace }
      self = base.hasPrefix("http") ? .ready(base: String(base)) : .none
    } else if line.hasPrefix("server listening on http") || line.hasPrefix("{\"url\":") {
      self = .otherGeneration
    } else {
      self = .none
    }
  }
}

extension ExitStatus {
  var words: String {
    switch self {
    case .code(let code): "with status \(code)"
    case .signal(let number): "by signal \(number)"
    }
  }
}
