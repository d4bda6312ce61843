import ArrobaAdapters
import ArrobaLoop
import ArrobaProvider
import ArrobaSystem
import Glibc

/// A daemon that does what a test tells it, over the socket whose path is its first argument: one line a command.
///
/// `pass`: hands its end of the supervisor's pair over to the test, which then speaks for it.
/// `read`: takes over by itself and reads all terminals, as a real daemon does; says `reading` when it does.
/// `close`: closes its end of the pair, and lives on.
/// `exit N`: ends with that status. The end of the socket is the end of the stub.
enum Stub {
  static let supervisor = Descriptor(owning: 3)

  static func run() -> Never {
    guard CommandLine.arguments.count > 1, let control = try? Sockets.connect(to: CommandLine.arguments[1])
    else {
      exit(70)  // no test is there: what it left is to end
    }
    var pending: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 256)
    while case .moved(let count) = block.withUnsafeMutableBytes({ control.read(into: $0) }) {
      pending += block[..<count]
      while let end = pending.firstIndex(of: 10) {
        obey(String(decoding: pending[..<end], as: UTF8.self), control)
        pending.removeFirst(end + 1)
      }
    }
    exit(0)
  }

  private static func obey(_ command: String, _ control: Descriptor) {
    let words = command.split(separator: " ")
    switch words.first {
    case "pass":
      let text = Array("passed\n".utf8)
      _ = text.withUnsafeBytes { DescriptorPassing.send($0, passing: [supervisor.raw], over: control) }
    case "read": Loop.shared.post { Reader.start(control) }
    case "close": supervisor.close()
    case "exit": exit(words.count > 1 ? Int32(words[1]) ?? 0 : 0)
    default: exit(71)
    }
  }
}

@LoopActor
private enum Reader {
  static var link: SupervisorLink?
  static var lanes: [any TerminalLane] = []

  static func start(_ control: Descriptor) {
    guard let link = try? SupervisorLink.takeOver(descriptor: Stub.supervisor, atMostMs: 5000) else {
      exit(72)
    }
    link.onSupervisorGone = { exit(73) }
    link.ready()
    for child in link.takeHandedOver() {
      guard let lane = child.terminal else { continue }
      lane.start(onOutput: {}, meanwhile: {}, onEnd: {})
      lanes.append(lane)
    }
    Self.link = link
    _ = Array("reading\n".utf8).withUnsafeBytes { control.write($0) }
  }
}
