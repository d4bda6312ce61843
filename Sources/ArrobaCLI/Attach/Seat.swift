internal import ArrobaSystem

/// Where a user sits: the terminal (or whatever else) that keys come from and output goes to.
package struct Seat: Sendable {
  package let input: Int32
  package let output: Int32
  /// Where remarks go.
  package let error: Int32

  package static let standard = Seat(input: 0, output: 1)

  package init(input: Int32, output: Int32, error: Int32 = 2) {
    self.input = input
    self.output = output
    self.error = error
  }

  /// Columns and rows; nil where there is no terminal.
  var size: (columns: Int, rows: Int)? { Terminals.size(of: output) ?? Terminals.size(of: input) }
  var isOutputTerminal: Bool { Terminals.isTerminal(output) }
  /// Whether remarks come between the lines of the output: both go to one terminal, pipe or file.
  var mixesStreams: Bool { isOutputTerminal || StandardStreams.areOne(output, error) }
  var isTerminal: Bool { Terminals.isTerminal(input) && Terminals.isTerminal(output) }
}
