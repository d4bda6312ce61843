import ArrobaSystem
import Testing

/// The repository that these tests stand in, read once.
struct House: Sendable {
  struct File: Sendable {
    /// From the top of the repository.
    let path: String
    let lines: [String]

    /// The lines without what stands behind `//`, so that a comment may speak of what code may not do.
    var code: [String] { lines.map(Self.withoutComment) }

    private static func withoutComment(_ line: String) -> String {
      var isInString = false
      var previous: Character = " "
      for index in line.indices {
        let character = line[index]
        if character == "\"" && previous != "\\" { isInString.toggle() }
        if character == "/" && previous == "/" && !isInString {
          return String(line[..<line.index(before: index)])
        }
        previous = character
      }
      return line
    }
  }

  let root: String
  let swift: [File]
  let documents: [File]

  static let ours = Result { try House(around: #filePath) }

  init(around file: String) throws {
    var top = file
    while !Files.isRegular("\(top)/Package.swift") {
      guard let above = Files.parent(of: top), above != top else { throw NotFound(what: "Package.swift") }
      top = above
    }
    root = top
    swift = try (Self.paths(in: "Sources", of: top) + Self.paths(in: "Tests", of: top))
      .filter { $0.hasSuffix(".swift") }.map { try Self.read($0, in: top) }
    documents = try (["README.md"] + Self.paths(in: "docs", of: top)).filter { $0.hasSuffix(".md") }
      .map { try Self.read($0, in: top) }
  }

  struct NotFound: Error { let what: String }

  private static func read(_ path: String, in root: String) throws -> File {
    let text = String(decoding: try Files.read("\(root)/\(path)", atMost: 8 << 20), as: UTF8.self)
    return File(
      path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
  }

  /// The paths of all files below a directory, in order; hidden ones left out.
  static func paths(in directory: String, of root: String) throws -> [String] {
    try Files.list("\(root)/\(directory)").filter { !$0.hasPrefix(".") }.flatMap { name in
      let path = "\(directory)/\(name)"
      return Files.status("\(root)/\(path)")?.isDirectory == true ? try paths(in: path, of: root) : [path]
    }
  }

  func file(_ path: String) throws -> File { try Self.read(path, in: root) }

  func document(_ name: String) throws -> String {
    guard let file = documents.first(where: { $0.path == name }) else { throw NotFound(what: name) }
    return file.lines.joined(separator: "\n")
  }

  var sources: [File] { swift.filter { $0.path.hasPrefix("Sources/") } }
}

extension Files {
  fileprivate static func isRegular(_ path: String) -> Bool { status(path)?.isRegular == true }
}

/// Fails once for each place, with file and line.
func expectNone(_ places: [String], _ rule: Comment) {
  for place in places { Issue.record("\(place): \(rule.rawValue)") }
}

extension House {
  /// The places of lines of code that `matches` picks, as "file:line".
  static func places(_ files: [File], where matches: (String) -> Bool) -> [String] {
    files.flatMap { file in
      file.code.enumerated().filter { matches($0.element) }.map { "\(file.path):\($0.offset + 1)" }
    }
  }
}

extension StringProtocol {
  /// Whether `word` stands in it, not as a part of a longer name and not as somebody's member.
  func has(word: String) -> Bool {
    ranges(of: word).contains { range in
      func isName(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_"
      }
      let before = range.lowerBound > startIndex ? self[index(before: range.lowerBound)] : " "
      let after = range.upperBound < endIndex ? self[range.upperBound] : " "
      let startsName = word.first.map(isName) ?? false
      let endsName = word.last.map(isName) ?? false
      return !(startsName && (isName(before) || before == ".")) && !(endsName && isName(after))
    }
  }
}
