import ArrobaSystem
import ArrobaWire
import Testing

/// What the documents say is there, and what is there is in the documents.
@Suite struct DocumentTests {
  private let house: House

  init() throws { house = try House.ours.get() }

  @Test("EVENTS.md has a row for each kind of event that the code writes, and for no other")
  func events() throws {
    // `case "agent.spawned":` where events are read: each of those that are written is also read.
    let kinds = try ["EventCodec", "TalkEventForm"].flatMap { name in
      try house.file("Sources/ArrobaModel/Events/\(name).swift").code
        .flatMap { Self.literals(in: $0, after: "case \"") }
    }
    #expect(kinds.count >= 35)
    let rows = Self.rows(of: try house.document("docs/EVENTS.md"))
    #expect(Set(kinds).subtracting(rows) == [], "missing in EVENTS.md")
    #expect(Set(rows).subtracting(kinds) == [], "not in the code")
  }

  @Test("PROTOCOL.md has a row for each kind of error")
  func errors() throws {
    let rows = Set(Self.rows(of: try house.document("docs/PROTOCOL.md")))
    #expect(Set(ErrorKind.allCases.map(\.rawValue)).subtracting(rows) == [], "missing in PROTOCOL.md")
  }

  @Test("PROTOCOL.md has a row for each method that the daemon serves")
  func methods() throws {
    var served: [String] = []
    for name in ["Methods/Exchange.swift", "Server.swift"] {
      for line in try house.file("Sources/ArrobaDaemon/\(name)").code {
        served += Self.literals(in: line, after: "case \"").filter { $0.contains(".") }
      }
    }
    #expect(served.count >= 23)
    let rows = Set(Self.rows(of: try house.document("docs/PROTOCOL.md")))
    #expect(Set(served).subtracting(rows) == [], "missing in PROTOCOL.md")
  }

  @Test("Each variable that a user may set is in RUNNING.md")
  func settings() throws {
    // Said to a child of ours, and to nobody else.
    let own = ["ARROBA_READY_FD", "ARROBA_SUPERVISOR_FD", "ARROBA_MAX_PASSED"]
    var read: Set<String> = []
    for file in house.swift where file.path.hasPrefix("Sources/") {
      for line in file.code { read.formUnion(Self.variables(line)) }
    }
    #expect(read.count > 10)
    let running = try house.document("docs/RUNNING.md")
    let missing = read.subtracting(own).filter { !$0.hasPrefix("ARROBA_SCRIPTED_") }
      .filter { !running.contains("`\($0)") }
    #expect(missing == [], "missing in RUNNING.md")
  }

  /// The names in the first cells of tables: "| `name` …".
  private static func rows(of document: String) -> [String] {
    document.split(separator: "\n").filter { $0.hasPrefix("| `") }.flatMap { row in
      let cell = row.split(separator: "|", omittingEmptySubsequences: true).first ?? ""
      return cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
  }

  private static func literals(in line: String, after mark: String) -> [String] {
    line.ranges(of: mark).compactMap { line[$0.upperBound...].split(separator: "\"").first.map(String.init) }
  }

  @Test("Each target of the manifest is told of: the house's in ARCHITECTURE.md, the tests' in TESTING.md")
  func targets() throws {
    let manifest = try house.file("Package.swift").lines.prefix { !$0.hasPrefix("let package") }
    let names = manifest.flatMap { Self.literals(in: $0, after: "name: \"") }
    #expect(names.count > 25)
    let architecture = try house.document("docs/ARCHITECTURE.md")
    let testing = try house.document("docs/TESTING.md")
    for name in names {
      let document =
        name.hasSuffix("Tests") || name.hasSuffix("-stub") || ["ArrobaTestSupport", "CHold"].contains(name)
      #expect((document ? testing : architecture).contains("`\(name)`"), "\(name)")
    }
  }

  @Test("A link from a document to a file leads to one")
  func links() throws {
    var dead: [String] = []
    for file in house.documents {
      let folder = Files.parent(of: file.path).map { "\(house.root)/\($0)" } ?? house.root
      for (index, line) in file.lines.enumerated() {
        for range in line.ranges(of: "](") {
          let target = line[range.upperBound...].prefix { $0 != ")" && $0 != "#" }
          if target.isEmpty || target.contains("://") { continue }
          if Files.status("\(folder)/\(target)") == nil { dead.append("\(file.path):\(index + 1) \(target)") }
        }
      }
    }
    expectNone(dead, "the link leads nowhere")
  }

  @Test("A path that a document names is there")
  func paths() throws {
    let tops = ["Sources/", "Tests/", "scripts/", "docs/", ".ci/"]
    let wrong = house.documents.flatMap { file in
      file.lines.enumerated().flatMap { index, line in
        line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
          .filter { $0.offset % 2 == 1 }.compactMap { $0.element.split(separator: " ").first }
          .filter { path in
            tops.contains { path.hasPrefix($0) } && !path.contains(where: { "*…<{".contains($0) })
          }
          .filter { Files.status("\(house.root)/\($0)") == nil }
          .map { "\(file.path):\(index + 1) \($0)" }
      }
    }
    expectNone(wrong, "there is no such file")
  }

  @Test("A variable that a document names is read by somebody")
  func variables() throws {
    let scripts = try House.paths(in: "scripts", of: house.root).map { try house.file($0) }
    let known = Set((house.swift + scripts).flatMap { $0.lines.flatMap(Self.variables) })
    let unknown = house.documents.flatMap { file in
      file.lines.enumerated().flatMap { index, line in
        Self.variables(line).filter { !known.contains($0) }.map { "\(file.path):\(index + 1) \($0)" }
      }
    }
    expectNone(unknown, "nobody reads it")
  }

  private static func variables(_ line: String) -> [String] {
    line.ranges(of: "ARROBA_").map { range in
      "ARROBA_" + line[range.upperBound...].prefix { $0.isUppercase || $0 == "_" || $0.isNumber }
    }
  }
}
