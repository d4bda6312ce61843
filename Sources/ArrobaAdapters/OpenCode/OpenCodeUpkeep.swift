internal import ArrobaLoop
internal import ArrobaSystem

/// When a server has grown too large.
enum OpenCodeUpkeep {
  enum Verdict: Equatable {
    case fine
    case recycleWhenIdle(String)
    case recycleSoon(String)
  }

  static let everyMs = 60_000

  static func judge(residentBytes: Int) -> Verdict {
    let gib = Double(residentBytes) / Double(1 << 30)
    let words = "OpenCode's server takes \((gib * 10).rounded() / 10) GiB"
    if residentBytes > 6 << 30 { return .recycleSoon(words) }
    return residentBytes > 2 << 30 ? .recycleWhenIdle(words) : .fine
  }
}

extension OpenCodeServer {
  /// The server grows (#20695); conversations survive on disk.
  func keepUp() {
    guard let child else { return }
    upkeep = Loop.shared.after(OpenCodeUpkeep.everyMs) { [weak self] in
      guard let self, case .up = phase, self.child?.pid == child.pid else { return }
      weighed(ProcessTree.residentBytes(of: child.pid) ?? 0)
      keepUp()
    }
  }

  /// One that is merely large waits until nobody wants anything of it. A huge one lets what runs come to its end, and
  /// begins nothing any more.
  func weighed(_ residentBytes: Int) {
    switch OpenCodeUpkeep.judge(residentBytes: residentBytes) {
    case .fine: break
    case .recycleWhenIdle(let reason): recycleReason = reason
    case .recycleSoon(let reason):
      recycleReason = reason
      if !isTooLarge { room.tell("\(reason); it is started anew when this turn has ended") }
      isTooLarge = true
    }
    recycleIfPossible()
  }

  /// To be started anew as soon as nobody is busy.
  func recycle(because reason: String) {
    recycleReason = reason
    recycleIfPossible()
  }

  func recycleIfPossible() {
    guard recycleReason != nil, case .up = phase, child != nil else { return }
    guard isTooLarge ? !room.hasTurns : !room.hasBusy else { return }
    recycleReason = nil
    stop {}
  }

  /// Kills the commands that a turn left running, by what they were called with.
  func killCommands(_ commands: [String]) {
    guard let child, !commands.isEmpty else { return }
    Threads.start("opencode-kill") { OpenCodeReaper.killCommands(commands, under: child.pid) }
  }
}
