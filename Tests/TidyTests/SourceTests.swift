import Testing

/// The rules of the house that a reader of lines can check; docs/STYLE.md says why they are rules.
@Suite struct SourceTests {
  private let house: House

  init() throws { house = try House.ours.get() }

  @Test("The sources are found, and a rule that is broken is seen")
  func reader() {
    #expect(house.sources.count > 50)
    #expect(house.sources.contains { $0.path == "Sources/ArrobaJSON/JSON.swift" })
    let file = House.File(path: "f", lines: ["a // try! b", "let s = \"//\" ; c", "/// d", "e"])
    #expect(file.code == ["a ", "let s = \"//\" ; c", "", "e"])
    #expect(House.places([file]) { $0.contains("c") } == ["f:2"])
    #expect("x = print(1)".has(word: "print(") && !"footprint(1)".has(word: "print("))
    #expect(!"self.print(1)".has(word: "print(") && "Task {".has(word: "Task {"))
    #expect(!"aTODO".has(word: "TODO") && !"XXXX".has(word: "XXX"))
  }

  @Test("A file has at most 350 lines")
  func length() {
    let long = house.swift.filter { $0.lines.count > 351 }  // the last line break ends no line
    expectNone(long.map { "\($0.path):\($0.lines.count - 1)" }, "split it: one noun a file")
  }

  @Test("Only the floors that touch the machine import the C library")
  func systemImports() {
    let allowed = ["Sources/ArrobaSystem/", "Sources/ArrobaLoop/", "Sources/ArrobaSupervisor/"]
    let others = house.sources.filter { file in !allowed.contains { file.path.hasPrefix($0) } }
    expectNone(
      House.places(others) { Self.imports($0, ["Glibc", "CPty", "Dispatch"]) },
      "a call to the system belongs into ArrobaSystem")
  }

  @Test("Where the C library is imported, both halves are: which one a type belongs to is a matter of chance")
  func bothHalves() {
    let halves = house.sources.filter { file in
      file.lines.contains { Self.imports($0, ["Glibc"]) }
        && !file.lines.contains { Self.imports($0, ["CPty"]) }
    }
    expectNone(halves.map { "\($0.path):1" }, "import CPty beside Glibc")
  }

  /// Tests that decode recordings, or measure; and, of what is shipped, the one place that speaks HTTP.
  private static let foundationUsers = [
    "Sources/ArrobaHTTP/Transport.swift",
    "Tests/ArrobaTerminalTests/Golden.swift", "Tests/ArrobaTerminalTests/Recording.swift",
    "Tests/ArrobaTerminalTests/BenchmarkTests.swift",
  ]

  @Test("Nobody imports Foundation, but for the listed ones")
  func foundation() {
    let names = ["Foundation", "FoundationEssentials", "FoundationNetworking"]
    let others = house.swift.filter { !Self.foundationUsers.contains($0.path) }
    expectNone(House.places(others) { Self.imports($0, names) }, "it costs 4 to 20 MB a process")
  }

  private static func imports(_ line: String, _ modules: [String]) -> Bool {
    let words = line.split(separator: " ")
    guard let index = words.firstIndex(of: "import"), index + 1 < words.count else { return false }
    return modules.contains(String(words[index + 1]))
  }

  @Test("A task without a parent is made by the loop only, so that it stays there; a detached one nowhere")
  func tasks() {
    let others = house.sources.filter { $0.path != "Sources/ArrobaLoop/Loop.swift" }
    expectNone(House.places(others) { $0.has(word: "Task {") || $0.has(word: "Task(") }, "Loop.shared.task")
    expectNone(House.places(house.sources) { $0.contains("Task.detached") }, "who waits for it?")
  }

  @Test("Only the command line's output prints")
  func printing() {
    let others = house.sources.filter { !$0.path.hasPrefix("Sources/ArrobaCLI/Output") }
    let printing = House.places(others) { $0.has(word: "print(") || $0.has(word: "debugPrint(") }
    expectNone(
      printing.filter { !$0.hasPrefix("Sources/ArrobaTerminal/") },  // there it is a terminal that prints
      "results go through the one place that knows lines and JSON")
  }

  @Test(
    "What is not used is not used",
    arguments: ["try!", "as!", "fatalError(", "nonisolated(unsafe)", "Task.sleep"])
  func notUsed(word: String) {
    let files = house.swift.filter { !$0.path.hasPrefix("Tests/TidyTests/") }
    expectNone(House.places(files) { $0.has(word: word) }, "\(word) is not used here")
  }

  /// Tests that ask again until a deadline what no descriptor tells: whether another process is gone.
  private static let askers = [
    "Tests/Support/DaemonProcesses.swift", "Tests/ArrobaSupervisorTests/LinkTests.swift",
    "Tests/ArrobaSupervisorTests/StubDaemon.swift", "Tests/ArrobaSupervisorTests/SupervisorRun.swift",
  ]

  @Test("Nobody sleeps: what is waited for says when it is there")
  func sleeping() {
    let others = house.swift.filter {
      !Self.askers.contains($0.path) && !$0.path.hasPrefix("Tests/TidyTests/")
    }
    let calls = ["usleep(", "sleep(", "nanosleep("]
    expectNone(
      House.places(others) { line in calls.contains { line.has(word: $0) } }, "wait for the event itself")
  }

  @Test("Nothing is left to be done by a comment", arguments: ["TODO", "FIXME", "XXX", "HACK"])
  func leftovers(word: String) {
    let left = house.swift.filter { !$0.path.hasPrefix("Tests/TidyTests/") }.flatMap { file in
      file.lines.enumerated().filter { $0.element.has(word: word) }.map { "\(file.path):\($0.offset + 1)" }
    }
    expectNone(left, "write an issue, or do it")
  }

  @Test("A type that other targets see says what it is")
  func summaries() {
    let undocumented = house.sources.flatMap { file in
      file.lines.indices.filter {
        Self.declaresType(file.lines[$0]) && !Self.hasSummary(file.lines, before: $0)
      }
      .map { "\(file.path):\($0 + 1)" }
    }
    expectNone(undocumented, "one sentence above it: what is it?")
  }

  private static func declaresType(_ line: String) -> Bool {
    guard line.hasPrefix("package ") else { return false }
    let kinds: Set = ["struct", "enum", "class", "actor", "protocol"]
    let words = line.split(separator: " ").dropFirst().drop { $0 == "final" || $0 == "indirect" }
    return words.first.map { kinds.contains(String($0)) } ?? false
  }

  private static func hasSummary(_ lines: [String], before index: Int) -> Bool {
    lines[..<index].last { !$0.hasPrefix("@") }?.hasPrefix("///") ?? false
  }
}
