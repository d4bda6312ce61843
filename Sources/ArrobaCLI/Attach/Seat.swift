internal import ArrobaSystem

/// Where a user sits: the terminal (or whatever else) that keys come from and output goes to.
package struct Seat: Sendable {
  package let input: Int32
  package let output: Int32

  package static let standard = Seat(input: 0, output: 1)

  /// Columns and rows; nil where there is no terminal.
  var size: (columns: Int, rows: Int)? { Terminals.size(of: output) ?? Terminals.size(of: input) }
  var isOutputTerminal: Bool { Terminals.isTerminal(output) }
  var isTerminal: Bool { Terminals.isTerminal(input) && Terminals.isTerminal(output) }
}
