internal import ArrobaSystem

/// Copies between a connection and the standard streams until either side ends.
struct Bridge {
  let socket: Descriptor
  let seat: Seat
  /// So much waits in either direction; then the faster side is not read.
  private static let mostWaiting = 256 << 10

  /// Answers whether anything came from the other side.
  func run() -> Bool {
    socket.setBlocking(false)
    StandardStreams.ignoreBrokenPipes()
    let answers = ScreenWriter(to: seat.output)
    var requests = ByteQueue()
    var block = [UInt8](repeating: 0, count: 64 << 10)
    var isInputOver = false
    var isDaemonGone = false
    var hasAnswered = false
    var set = PollSet()
    while !(isDaemonGone && answers.waiting == 0) && !answers.isBroken {
      set.removeAll()
      let readsInput = !isInputOver && !isDaemonGone && requests.count < Self.mostWaiting
      let input = readsInput ? set.add(seat.input, reading: true, writing: false) : nil
      let readsLane = answers.waiting < Self.mostWaiting
      let lane =
        isDaemonGone ? nil : set.add(socket.raw, reading: readsLane, writing: !requests.isEmpty)
      let output = answers.waiting > 0 ? set.add(answers.number, reading: false, writing: true) : nil
      set.wait(timeoutMs: -1)
      if let input, set.isReadable(input) {
        switch block.withUnsafeMutableBytes({ StandardStreams.read(into: $0, from: seat.input) }) {
        case .moved(let count): requests.append(block[..<count])
        case .wouldBlock: break
        case .ended, .failed: isInputOver = true
        }
        if isInputOver && requests.isEmpty { Sockets.endSending(of: socket) }
      }
      if let lane, set.isWritable(lane), !requests.isEmpty {
        _ = requests.drain { socket.send($0) }
        if isInputOver && requests.isEmpty { Sockets.endSending(of: socket) }
      }
      if let lane, readsLane, set.isReadable(lane) {
        switch block.withUnsafeMutableBytes({ socket.read(into: $0) }) {
        case .moved(let count):
          hasAnswered = true
          block.withUnsafeBytes { answers.write(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        case .wouldBlock: break
        case .ended, .failed: isDaemonGone = true
        }
        answers.flush()
      } else if let output, set.isWritable(output) {
        answers.flush()
      }
    }
    return hasAnswered
  }
}
