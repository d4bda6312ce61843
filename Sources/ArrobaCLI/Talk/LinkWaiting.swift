internal import ArrobaSystem

extension TalkLink {
  enum Outcome {
    case arrivals([Arrival])
    case signalled(ClientSignals.Signal)
    case timeUp
  }

  /// Waits for what comes next, for those who have nothing else to do; nil: without end.
  func next(until deadlineMs: Int?, _ signals: ClientSignals?) -> Outcome {
    var set = PollSet()
    while true {
      if let arrival = tend() { return .arrivals([arrival]) }
      let now = Clock.monotonicMs()
      if let deadlineMs, now >= deadlineMs { return .timeUp }
      set.removeAll()
      let signalled = signals.map { set.add($0.descriptor.raw, reading: true, writing: false) }
      let lane = socket.map { set.add($0.raw, reading: true, writing: hasToSend) }
      set.wait(timeoutMs: max(0, min(dueMs, deadlineMs ?? .max) - now))
      if let signalled, set.isReadable(signalled), let signal = signals?.next() { return .signalled(signal) }
      guard let lane else { continue }
      if set.isWritable(lane) { send() }
      if set.isReadable(lane) {
        let arrivals = receive()
        if !arrivals.isEmpty { return .arrivals(arrivals) }
      }
    }
  }
}
