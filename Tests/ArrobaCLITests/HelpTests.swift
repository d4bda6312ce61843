@testable import ArrobaCLI
import ArrobaTestSupport
import Testing

@Suite("Help")
struct HelpTests {
  @Test("Help on a verb has its usage, its summary, its options and its examples", arguments: Verbs.all)
  func verb(_ verb: VerbSpec) throws {
    let text = try Help.text(on: verb.name)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("usage: arroba \(verb.name)"))
    #expect(text.contains(verb.summary))
    for option in verb.options { #expect(text.contains(option.shown) && text.contains(option.help)) }
    for example in verb.examples { #expect(text.contains("  \(example)")) }
    for alias in verb.aliases { #expect(try Help.text(on: alias) == text) }
    #expect(lines.allSatisfy { $0.count <= 120 && !$0.hasSuffix(" ") }, "\(text)")
  }

  @Test("Every example is a command line that is understood", arguments: Verbs.all)
  func examples(_ verb: VerbSpec) throws {
    for example in verb.examples {
      // What a shell would make of it: quotes away, no redirection, no pipe, no substitution.
      let plain = example.split(separator: ">")[0].split(separator: "|")[0]
      let inner = plain.hasPrefix("source <(") ? plain.dropFirst(9).dropLast() : plain[...]
      var words: [String] = []
      for (index, part) in inner.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
        words += index % 2 == 1 ? [String(part)] : part.split(separator: " ").map(String.init)
      }
      #expect(words.first == "arroba")
      #expect(throws: Never.self, "\(example)") { try InvocationTests.read(Array(words.dropFirst())) }
    }
  }

  @Test("The overview names every verb and every general option")
  func overview() throws {
    let text = try Help.text(on: nil)
    for verb in Verbs.all { #expect(text.contains("  \(verb.name) ") && text.contains(verb.summary)) }
    for option in Verbs.global { #expect(text.contains(option.shown)) }
    #expect(text == Help.overview)
  }

  @Test("Help on a group names all its verbs")
  func group() throws {
    for group in Verbs.groups {
      let text = try Help.text(on: group)
      #expect(text.hasPrefix("usage: arroba \(group) VERB …"))
      for verb in Verbs.all where verb.group == group { #expect(text.contains("  arroba \(verb.name) ")) }
    }
  }

  @Test(
    "There is no help on what is not there",
    arguments: [
      ("atach", "did you mean attach?"), ("agent spwan", "did you mean agent spawn?"),
      ("frobnicate", "arroba help"),
    ])
  func unknown(_ topic: String, _ hint: String) {
    #expect(throws: Misuse("there is no help on '\(topic)'", hint: hint)) { try Help.text(on: topic) }
  }

  @Test("No two options of a verb have the same name, and no verb the name of another")
  func unique() {
    let names = Verbs.all.flatMap { [$0.name] + $0.aliases } + Verbs.groups
    #expect(Set(names).count == names.count)
    for verb in Verbs.all {
      let options = verb.options.flatMap { [$0.long] + ($0.short.map { [$0] } ?? []) }
      #expect(Set(options).count == options.count, "\(verb.name)")
      #expect(Set(options).isDisjoint(with: Verbs.global.map(\.long)), "\(verb.name)")
    }
  }
}
