package import ArrobaWire

/// Why a command was turned down: a stable kind, one sentence, and the next step where there is one. A value, not a
/// failure: the same type that crosses the wire, so that no reason is lost on the way.
package typealias Refusal = WireError
