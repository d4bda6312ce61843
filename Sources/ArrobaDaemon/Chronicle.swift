internal import ArrobaKernel
internal import ArrobaLog
internal import ArrobaLoop
internal import ArrobaModel
internal import ArrobaSystem

/// Notes in the process log what happens to sessions and runs: kinds and ids, never what was typed, printed or named.
@LoopActor
final class Chronicle {
  private let ledger: Ledger
  private var cursor: UInt64

  init(of ledger: Ledger) {
    self.ledger = ledger
    cursor = ledger.head
    ledger.follow(self) { [weak self] in self?.note() }
  }

  private func note() {
    guard ProcessLog.shared.isLogging(.info) else {
      cursor = ledger.head
      return
    }
    while cursor < ledger.head {
      // Only what is in memory: a log line is not worth a read of the disk.
      guard
        case .success(let records)? = ledger.log.readFromMemory(
          after: cursor, limit: 64, limitBytes: 256 << 10),
        let last = records.last
      else {
        cursor = ledger.head
        return
      }
      for record in records { note(record) }
      cursor = last.seq
    }
  }

  private func note(_ record: LogRecord) {
    let subject = record.payload.withUnsafeBufferPointer { EventCodec.subject(of: $0) }
    let level: ProcessLog.Level = Self.isFrequent(subject.kind) ? .debug : .info
    ProcessLog.shared.record(
      level, "kernel", subject.kind,
      ["seq": Int(record.seq), "session_id": subject.session, "agent_id": subject.agent])
  }

  private static func isFrequent(_ kind: String) -> Bool {
    kind.hasPrefix("item.") || kind == "agent.activity" || kind == "agent.resized"
      || kind == "command.answered"
  }
}
