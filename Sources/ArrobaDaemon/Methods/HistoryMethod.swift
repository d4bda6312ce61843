internal import ArrobaJSON
internal import ArrobaKernel
internal import ArrobaLog
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaWire

/// The transcript, read back from the log by pages.
extension Exchange {
  private static let mostItems = 500
  private static let usualItems = 50

  /// A page in the order of the conversation; without `before` the latest one, with it the one that ends there.
  /// `next` is the `before` of the page before this one; null: this one begins with the beginning.
  func history(_ params: Params) async throws(WireError) -> JSON {
    let limit = try params.number("limit", in: 1...Self.mostItems) ?? Self.usualItems
    let before = try params.number("before", in: 1...Int.max).map { UInt64($0) } ?? UInt64.max
    let session = try await session(params)
    let agents = try params.text("agent").map { name throws(WireError) in
      [try world.agent(named: name, in: session)]
    }
    let numbers = (agents ?? session.agents).compactMap(\.talk).flatMap(\.transcript)
      .filter { $0 < before }.sorted()
    let page = numbers.suffix(limit)
    var items: [JSON] = []
    for number in page {
      let records: [LogRecord]
      do {
        records = try await kernel.ledger.log.read(after: number - 1, limit: 1, limitBytes: 16 << 20)
      } catch {
        throw WireError(kind: .storageFailed, message: "\(error)", hint: "arroba doctor")
      }
      if let record = records.first, record.seq == number, let item = item(record, in: session.id) {
        items.append(item)
      }
    }
    let next = page.count < numbers.count ? page.first.map { JSON.int(Int($0)) } : nil
    return [
      "session": .string(session.id.text), "items": .array(items), "next": next ?? .null,
      "asOf": .int(Int(kernel.ledger.head)),
    ]
  }

  private func item(_ record: LogRecord, in session: SessionID) -> JSON? {
    let event = record.payload.withUnsafeBufferPointer { try? EventCodec.read($0, seq: record.seq).0 }
    guard let event, case .agent(_, let agent, let what) = event.event else { return nil }  // unreadable
    var object = JSONObject()
    switch what {
    case .item(let id, let prompt, .completed(let item)):
      object["id"] = .string(id.text)
      for member in item.json.object?.members ?? [] { object[member.key] = member.value }
      object["prompt"] = .text(prompt?.text)
    case .prompt(let id, .submitted(let text)):
      object["id"] = .string(id.text)
      object["type"] = "prompt"
      object["text"] = .string(text)
      object["prompt"] = .string(id.text)
      if let now = world.agent(agent, in: session)?.talk?.prompt(id) {
        object["state"] = .string(now.state.rawValue)
        object["reason"] = .text(now.end?.reason)
        object["usage"] = now.usage?.json
      }
      object["by"] = .text(event.by)
    default: return nil  // not of a transcript
    }
    object["agent"] = .string(agent.text)
    object["seq"] = .int(Int(record.seq))
    object["at"] = .string(event.at.text)
    return .object(object)
  }
}
