/// An identifier of one kind of thing: a short prefix and 16 random letters and digits, such as `s_4k9x…`.
///
/// Phantom-typed, so that an agent's id is never taken for a session's.
package struct ID<Kind: IDKind>: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  /// The identifier as it was written before; nothing is checked, an unknown one is simply not found.
  package init(_ text: String) { self.text = text }

  /// A new one: 80 random bits.
  package static func mint(using generator: inout some RandomNumberGenerator) -> Self {
    Self(Kind.prefix + RandomText.letters(16, using: &generator))
  }

  package static func mint() -> Self {
    var generator = SystemRandomNumberGenerator()
    return mint(using: &generator)
  }

  package var description: String { text }
}

/// What an identifier is of; the prefix shows it to people.
package protocol IDKind {
  static var prefix: String { get }
}

/// Sessions: `s_`.
package enum SessionKind: IDKind { package static let prefix = "s_" }
/// Agents: `a_`.
package enum AgentKind: IDKind { package static let prefix = "a_" }
/// Runs: `r_`.
package enum RunKind: IDKind { package static let prefix = "r_" }
/// Attachments of clients to terminals: `t_`.
package enum AttachmentKind: IDKind { package static let prefix = "t_" }
/// Prompts, and the turns that they start: `p_`.
package enum PromptKind: IDKind { package static let prefix = "p_" }
/// Asks: `q_`.
package enum AskKind: IDKind { package static let prefix = "q_" }
/// Items of a transcript: `i_`.
package enum ItemKind: IDKind { package static let prefix = "i_" }

package typealias SessionID = ID<SessionKind>
package typealias AgentID = ID<AgentKind>
package typealias RunID = ID<RunKind>
package typealias AttachmentID = ID<AttachmentKind>
package typealias PromptID = ID<PromptKind>
package typealias AskID = ID<AskKind>
package typealias ItemID = ID<ItemKind>

/// Random letters and digits that nobody mistakes for one another.
package enum RandomText {
  /// Crockford's alphabet without the letters that are mistaken for digits.
  private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

  /// Five bits a letter, a dozen of them from each number that is drawn: the system's generator is a call of the system,
  /// and ids are made for every word that a provider says.
  package static func letters(_ count: Int, using generator: inout some RandomNumberGenerator) -> String {
    var bits: UInt64 = 0
    var letters: [UInt8] = []
    letters.reserveCapacity(count)
    for index in 0..<count {
      if index % 12 == 0 { bits = generator.next() }
      letters.append(alphabet[Int(bits & 31)])
      bits >>= 5
    }
    return String(decoding: letters, as: UTF8.self)
  }
}
