internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLog
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

extension Exchange {
  func subscribe(_ params: Params) async throws(WireError) -> Reply {
    let subject = params["session"] == nil ? nil : try await session(params).id
    let kinds = try params.texts("kinds", atMost: 64).map { Set($0) }
    let (cursor, gap) = try start(params)
    let ledger = kernel.ledger
    let subscription = Subscription(
      id: try lane.newSubscriptionID(), connection: connection, ledger: ledger, after: cursor,
      session: subject,
      kinds: kinds)
    let result: JSON = [
      "subscription": .string(subscription.id), "from": .int(Int(cursor) + 1), "head": .int(Int(ledger.head)),
      "gap": gap ?? .null,
    ]
    return .subscribed(result, subscription)
  }

  /// Where the cursor begins. Where it cannot begin as asked, it begins now, and the gap says what is missing: the
  /// client takes the state as it is and goes on from there.
  private func start(_ params: Params) throws(WireError) -> (UInt64, gap: JSON?) {
    let log = kernel.ledger.log
    let expected = "\"start\", \"now\" or {\"log\",\"seq\"}"
    switch params["after"] {
    case nil, .string("now"): return (log.head, nil)
    case .string("start"): return (log.oldest - 1, nil)
    case .object(let cursor)?:
      let value = JSON.object(cursor)
      guard let seq = value["seq"]?.int, seq >= 0 else {
        throw Params.invalid("after.seq", expected: "a whole number from 0 on", got: value["seq"])
      }
      guard let id = value["log"]?.string else {
        throw Params.invalid("after.log", expected: "the log's id", got: value["log"])
      }
      let reason: String? =
        if id != log.id {
          "other_log"
        } else if UInt64(seq) > log.head {
          // A log that was put back from a copy, or a client that counted wrong.
          "beyond_head"
        } else if UInt64(seq) + 1 < log.oldest {
          "compacted"
        } else {
          nil
        }
      guard let reason else { return (UInt64(seq), nil) }
      let gap: JSON = [
        "requested": .int(seq), "oldest": .int(Int(log.oldest)),
        "reason": .string(reason),
      ]
      return (log.head, gap)
    case let other?: throw Params.invalid("after", expected: expected, got: other)
    }
  }

  func unsubscribe(_ params: Params) throws(WireError) -> JSON {
    let id = try params.requiredText("subscription", atMost: 64)
    guard lane.unsubscribe(id) else {
      throw Params.invalid("subscription", expected: "a subscription of this connection", got: .string(id))
    }
    return ["subscription": .string(id)]
  }

  func shutdown(_ params: Params) throws(WireError) -> JSON {
    let name = try params.text("mode", atMost: 16) ?? "stop"
    guard let mode = Server.ShutdownMode(rawValue: name) else {
      throw Params.invalid("mode", expected: "\"stop\" or \"restart\"", got: .string(name))
    }
    server.onShutdown?(mode, "asked by \(lane.instance.map { Words.quoted($0) } ?? "a client")")
    return ["mode": .string(mode.rawValue)]
  }
}
