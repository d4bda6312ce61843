/// The verbs of conversations, for the table of verbs.
extension Verbs {
  private static let sending: [OptionSpec] = [
    OptionSpec(
      "--timeout", short: "-t", .required("S"), "give up waiting after so many seconds: exit code 3"),
    OptionSpec(
      "--on-ask", .required("deny|fail"),
      "when the agent asks: deny it, or cancel the prompt; without: wait for a person"),
  ]

  static let talking: [VerbSpec] = [
    VerbSpec(
      "talk", synopsis: "[REF[/AGENT]]", "a conversation, line by line; arroba alone opens the newest here",
      words: 0...1, takesReference: true,
      notes: """
        What is typed goes to the focused agent; while it works, prompts queue. /help lists the commands in it. Ctrl-C
        cancels the turn or clears the line, twice leaves; leaving never stops an agent. Where input is no terminal, each
        line is a prompt, and the end of the input waits for their ends.
        """,
      examples: ["arroba talk", "arroba talk build/coder"]),
    VerbSpec(
      "send", synopsis: "[REF[/AGENT]] [-f FILE|-|TEXT…] [--wait|--follow] [--timeout S]",
      "submit a prompt; prints its id",
      options: [
        OptionSpec("--file", short: "-f", .required("FILE"), "the text is in that file"),
        OptionSpec("--wait", short: "-w", "end when the prompt has ended"),
        OptionSpec("--follow", "print the answer as it comes, and end with it"),
      ] + sending, words: 0...4096, takesProgram: true, takesReference: true,
      notes: """
        With two words or more the first is the REF, unless it has spaces; put -- before the text to say that there is no
        REF, or that the text begins with a dash. - as the text is standard input.

        With --wait or --follow: 0 completed, 1 failed, 3 the time is up (the prompt goes on), 5 denied, 130 cancelled or
        interrupted. What the agent asks is told on standard error, with how to answer it.
        """,
      examples: [
        "arroba send build 'run the tests'", "arroba send --follow -- why does it fail?",
        "arroba send build -f task.md --wait --on-ask deny",
      ]),
    VerbSpec(
      "run", synopsis: "[--provider P] [--model M] [-f FILE] [--timeout S] [--status] [-- TEXT…]",
      "one shot: a new agent, one prompt, its answer, and all of it removed",
      options: [
        OptionSpec("--provider", short: "-p", .required("P"), "who answers (default opencode)"),
        OptionSpec("--model", short: "-m", .required("M"), "the provider's model"),
        OptionSpec("--file", short: "-f", .required("FILE"), "the text is in that file"),
        OptionSpec("--status", "of a program: exit with its own status (128 + its signal)"),
      ] + sending, words: 0...4096, takesProgram: true,
      notes: """
        Without TEXT the text is standard input. Exit codes as of arroba send --wait.

        With --provider terminal what follows -- is a program: it is attached to until it ends, as bytes where there is no
        terminal, and then removed. One that is left by the detach keys stays.
        """,
      examples: [
        "arroba run -- 'what is in this directory?'", "arroba run --provider scripted -- hello",
        "arroba run --provider terminal --status -- make test",
      ]),
    VerbSpec(
      "stop", synopsis: "[REF[/AGENT]] [--force]", "cancel the active prompt",
      options: [OptionSpec("--force", short: "-f", "end the agent's run, if nothing else helps")],
      words: 0...1,
      takesReference: true, examples: ["arroba stop build"]),
    VerbSpec(
      "queue", synopsis: "[REF[/AGENT]] [ls|edit ID TEXT|move ID N|rm ID|clear]",
      "the prompts that wait, and the active one", words: 0...4096, takesProgram: true, takesReference: true,
      notes: "ID is a prompt's id or its beginning; N counts from 1.",
      examples: ["arroba queue build", "arroba queue edit p_4f run the tests twice", "arroba queue clear"]),
    VerbSpec(
      "asks", synopsis: "[REF[/AGENT]] [--all]", "what agents want to know; without REF, all of them",
      options: [OptionSpec("--all", short: "-a", "also those that are settled")], words: 0...1,
      takesReference: true, examples: ["arroba asks", "arroba asks --json"]),
    VerbSpec(
      "answer", synopsis: "ASK CHOICE [NOTE]", "answer an ask by a choice's number, id or label",
      words: 2...4096,
      notes: """
        ASK is its id or the beginning of it. Several choices are written 1,3 where the ask takes several. A question that
        takes words takes them in place of CHOICE; a number that is no choice is refused and never sent as words.
        """,
      examples: ["arroba answer q_4f 1", "arroba answer q_4f deny 'use the other file'"]),
    VerbSpec(
      "approve", synopsis: "ASK", "allow once what an agent asks for", words: 1...1,
      examples: ["arroba approve q_4f"]),
    VerbSpec(
      "deny", synopsis: "ASK [NOTE]", "refuse what an agent asks for; a note tells it why", words: 1...4096,
      examples: ["arroba deny q_4f", "arroba deny q_4f 'not in this directory'"]),
    VerbSpec(
      "history", synopsis: "[REF[/AGENT]] [-n N] [--follow]", "what was said and done in a conversation",
      options: [
        OptionSpec("--limit", short: "-n", .required("N"), "the last N items (default 50)"),
        OptionSpec("--follow", short: "-f", "and what comes, until interrupted"),
      ], words: 0...1, takesReference: true,
      examples: ["arroba history build -n 10", "arroba --json history build"]),
  ]
}
