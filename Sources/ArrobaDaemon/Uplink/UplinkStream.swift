internal import ArrobaLoop
internal import ArrobaSystem
internal import ArrobaTransport

/// A stream that sshd serves, until it ends. What sshd says goes to the process log.
@LoopActor
final class UplinkStream {
  private static let longestLine = 2048

  var onEnd: (@LoopActor (UplinkStream) -> Void)?
  private let pid: Int32
  private let carrier: Int32?
  private let handle: Descriptor
  private let errors: Descriptor
  private var watches: [Watch] = []
  private var said: [UInt8] = []

  init(_ call: RelayCall, _ words: [String]) throws(SystemError) {
    let (reading, writing) = try Pipes.make()
    errors = reading
    errors.setBlocking(false)
    carrier = call.carrier
    pid = try Programs.startOnSocket(words, socket: call.socket, errors: writing)
    handle = try Processes.handle(of: pid)
    // From here on it is sshd's alone, so that its end is the stream's.
    call.socket.close()
    watches = [
      Loop.shared.watch(errors.raw, for: .readable, urgency: .terminal) { [self] _ in hear() },
      Loop.shared.watch(handle.raw, for: .readable, urgency: .terminal) { [self] _ in end() },
    ]
  }

  private func hear() {
    var block = [UInt8](repeating: 0, count: 4096)
    switch block.withUnsafeMutableBytes({ errors.read(into: $0) }) {
    case .moved(let count):
      said += block[..<count]
      tell()
    case .wouldBlock: break
    // Its children may hold it longer than it lives, or not so long.
    case .ended, .failed: watches.first?.cancel()
    }
  }

  private func tell() {
    while let end = said.firstIndex(where: { $0 == 0x0A }) {
      let line = String(decoding: said[..<end].prefix(Self.longestLine).filter { $0 >= 0x20 }, as: UTF8.self)
      said.removeFirst(end + 1)
      if !line.isEmpty { ProcessLog.shared.info("relay", "sshd", ["said": line, "pid": pid]) }
    }
    if said.count > Self.longestLine { said.removeAll() }
  }

  private func end() {
    hear()
    for watch in watches { watch.cancel() }
    watches = []
    _ = Processes.waitForExit(of: pid)
    if let carrier { Reaping.end(carrier) }
    onEnd?(self)
    onEnd = nil
  }
}

/// Ends helpers, and waits for their end where nobody else waits.
enum Reaping {
  static func end(_ call: RelayCall) {
    call.socket.close()
    if let carrier = call.carrier { end(carrier) }
  }

  static func end(_ pid: Int32) {
    Processes.hangUp(pid)
    Threads.start("arroba-reaper") { _ = Processes.waitForExit(of: pid) }
  }
}
