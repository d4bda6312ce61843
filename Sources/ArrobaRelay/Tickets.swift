internal import ArrobaRelayWire

/// Tickets: each brings one machine and one waiting client together, once, and not for long. Values only.
package struct Tickets {
  package struct Ticket: Equatable {
    /// The connection of the client that waits.
    package let client: UInt64
    package let machine: String
    package let token: String
    package let untilMs: Int
  }

  private var open: [String: Ticket] = [:]

  package init() {}

  package var count: Int { open.count }

  package mutating func issue(client: UInt64, machine: String, token: String, nowMs: Int) -> String {
    let text = Hex.text(Randomness.bytes(RelayTerms.ticketBytes))
    open[text] = Ticket(
      client: client, machine: machine, token: token, untilMs: nowMs + RelayTerms.ticketMs)
    return text
  }

  /// Takes the ticket; nil where there is none, it is too late, or it was made out to another machine or token: then
  /// it stays for whom it was made.
  package mutating func redeem(_ text: String, machine: String, token: String, nowMs: Int) -> Ticket? {
    guard let ticket = open[text], ticket.machine == machine, ticket.token == token, nowMs < ticket.untilMs
    else { return nil }
    open[text] = nil
    return ticket
  }

  /// The client waits no longer.
  package mutating func withdraw(client: UInt64) {
    open = open.filter { $0.value.client != client }
  }
}
