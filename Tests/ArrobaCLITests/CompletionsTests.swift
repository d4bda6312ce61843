import ArrobaTestSupport
import Testing

@testable import ArrobaCLI

@Suite("Completion")
struct CompletionsTests {
  /// What `arroba` says in these tests when it is asked for references.
  private static let sessions = """
    arroba() { [[ "$*" == "--quiet --no-start ls --agents" ]] && printf 'build\\nbuild/log\\ns_4f2a\\n'; }

    """

  private static let cases: [(line: String, words: [String], missing: [String])] = [
    ("arroba ", ["attach", "new", "ls", "agent", "daemon", "--json"], ["build", "spawn"]),
    ("arroba at", ["attach"], ["new"]), ("arroba --json at", ["attach"], ["new"]),
    ("arroba attach ", ["build", "build/log", "s_4f2a", "--view", "--detach-keys"], ["new", "--force-all"]),
    ("arroba attach b", ["build", "build/log"], ["s_4f2a", "--view"]),
    ("arroba a build/", ["build/log"], ["build"]),
    ("arroba attach --", ["--view", "--raw", "--json"], ["build", "--alias"]),
    ("arroba agent ", ["spawn", "focus", "rm"], ["build", "--json"]),
    ("arroba agent fo", ["focus"], ["spawn"]), ("arroba agent focus build/", ["build/log"], ["s_4f2a"]),
    ("arroba agent spawn --co", ["--count"], ["--alias"]), ("arroba daemon re", ["restart"], ["run"]),
    ("arroba wait build --for ", ["idle", "waiting", "done", "exit"], ["build", "--timeout"]),
    ("arroba logs --level w", ["warn"], ["info"]),
    ("arroba logs --process-kind ", ["client", "daemon", "supervisor"], []),
    ("arroba completions ", ["bash", "zsh", "fish"], ["build"]), ("arroba help at", ["attach"], ["build"]),
    ("arroba new --provider ", ["opencode", "claude-code", "scripted", "terminal"], ["build"]),
    ("arroba run --provider cl", ["claude-code"], ["terminal"]), ("arroba provider ", ["list"], ["build"]),
    ("arroba events --after ", ["start"], ["build"]),
  ]

  @Test("A real bash reads the script without complaint, and completes by it")
  func bash() throws {
    guard let shell = Shell.find("bash") else { return }
    let script = Completions.script(for: .bash)
    let check = try Shell(shell, "set -u\n\(script)\n")
    #expect(check.status == 0 && check.output == "")
    for (line, words, missing) in Self.cases {
      // As readline calls it: the words so far, the last one perhaps empty.
      let parts = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }.joined(
        separator: " ")
      let said = try Shell(
        shell,
        """
        \(Self.sessions)\(script)
        COMP_WORDS=(\(parts)) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _arroba arroba "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
        """)
      expect(said, line, words, missing)
    }
  }

  @Test("Behind -- bash completes files, and asks nobody for sessions")
  func bashProgram() throws {
    guard let shell = Shell.find("bash") else { return }
    let said = try Shell(
      shell,
      """
      arroba() { echo asked >&2; }
      \(Completions.script(for: .bash))
      COMP_WORDS=(arroba agent spawn build -- ma) COMP_CWORD=5
      _arroba
      echo "${#COMPREPLY[@]}"
      complete -p arroba
      """)
    #expect(said.output == "0\ncomplete -o default -F _arroba arroba\n")
  }

  @Test("A real zsh reads the script without complaint, and completes by it")
  func zsh() throws {
    guard let shell = Shell.find("zsh") else { return }
    for (line, words, missing) in Self.cases {
      let parts = line.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }.joined(
        separator: " ")
      let said = try Shell(
        shell,
        """
        setopt no_unset warn_create_global
        compdef() { :; }
        # As the completion system does: what begins like the word at the cursor.
        compadd() { shift; for word in "$@"; do [[ $word == ${current}* ]] && print -r -- $word; done; return 0; }
        \(Self.sessions)\(Completions.script(for: .zsh))
        complete() {
          local -a words=(\(parts))
          integer CURRENT=${#words}
          local current=${words[CURRENT]}
          _arroba
        }
        complete
        """)
      expect(said, line, words, missing)
    }
  }

  @Test("A real fish reads the script without complaint, and completes by it")
  func fish() throws {
    guard let shell = Shell.find("fish") else { return }
    for (line, words, missing) in Self.cases {
      let said = try Shell(
        shell,
        """
        function arroba; printf 'build\\nbuild/log\\ns_4f2a\\n'; end
        \(Completions.script(for: .fish))
        for line in (complete -C '\(line)'); echo (string split \\t -- $line)[1]; end
        """)
      // fish offers options only behind a dash.
      let isDashed =
        line.split(separator: " ", omittingEmptySubsequences: false).last?.hasPrefix("-") ?? false
      expect(said, line, words.filter { isDashed || !$0.hasPrefix("-") }, missing)
    }
  }

  private func expect(_ said: Shell, _ line: String, _ words: [String], _ missing: [String]) {
    let found = said.output.split(separator: "\n").map(String.init)
    #expect(said.status == 0, "\(line): \(said.output)")
    #expect(Set(words).subtracting(found) == [], "\(line): only \(found)")
    #expect(Set(missing).intersection(found) == [], "\(line)")
    let cursor = line.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
    #expect(found.allSatisfy { $0.hasPrefix(cursor) }, "\(line): \(found)")
  }
}
