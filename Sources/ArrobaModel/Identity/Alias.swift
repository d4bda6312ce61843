internal import ArrobaWire

/// A name that a person gave: 1 to 64 of `a-z 0-9 - _`, beginning with a letter or digit.
package enum Alias {
  package static let longest = 64

  /// The alias as it is kept: trimmed, in lower case, each run of white space one `_`.
  package static func normalised(_ text: String) throws(Refusal) -> String {
    let words = text.split { $0.isWhitespace }
    let alias = words.joined(separator: "_").lowercased()
    let isPlain = alias.utf8.allSatisfy { byte in
      (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95
    }
    guard isPlain, !alias.isEmpty, alias.utf8.count <= longest, let first = alias.utf8.first, first != 45,
      first != 95
    else {
      throw Refusal(
        kind: .aliasInvalid,
        message:
          "'\(Words.quoted(text))' is no alias: 1 to \(longest) of a-z, 0-9, - and _, beginning with a letter or digit"
      )
    }
    return alias
  }
}

/// Words of others inside our own sentences.
package enum Words {
  /// At most 80 characters of it, without control characters.
  package static func quoted(_ text: String) -> String {
    let clean = String(
      text.prefix(80).map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "?" })
    return text.count > 80 ? clean + "…" : clean
  }
}
