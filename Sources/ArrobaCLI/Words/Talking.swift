/// What a command line asks of a conversation.
package enum Talking: Equatable, Sendable {
  case talk(Target)
  case send(Target, Sending)
  case run(Birth, Sending)
  /// A program on a terminal, for as long as it runs.
  case runProgram(Birth, takesStatus: Bool)
  case stop(Target, force: Bool)
  case queue(Target, QueueAction)
  /// nil: of all sessions.
  case asks(Target?, all: Bool)
  case answer(ask: String, choice: String, note: String?)
  case deny(ask: String, note: String?)
  case history(Target, limit: Int, follow: Bool)

  package enum QueueAction: Equatable, Sendable {
    case list
    case edit(prompt: String, text: String)
    case move(prompt: String, position: Int)
    case remove(prompt: String)
    case clear
  }
}

/// A prompt that is to be sent, and how it is looked after.
package struct Sending: Equatable, Sendable {
  package enum Source: Equatable, Sendable {
    case words(String)
    case file(String)
    case input
  }

  package enum Patience: Equatable, Sendable {
    /// Sent, and left alone.
    case none
    /// Until it has ended.
    case wait
    /// The same, with the answer printed as it comes.
    case follow
  }

  /// What is done without a person when the agent asks.
  package enum OnAsk: String, CaseIterable, Sendable {
    case deny, fail
  }

  package var source: Source
  package var patience = Patience.none
  package var timeoutMs: Int?
  package var onAsk: OnAsk?
  /// Whether the text was several words, the first of which may have been meant as a part of it and not as a REF.
  package var isLoose = false

  package init(_ source: Source) { self.source = source }
}
