import ArrobaAdapters
import ArrobaLoop
import ArrobaProvider
import ArrobaSupervision
import ArrobaSystem
import Glibc

/// A daemon around a link, that keeps all it is told.
@LoopActor
final class Probe {
  let link: SupervisorLink
  private(set) var children: [String: (pid: Int, lane: (any TerminalLane)?)] = [:]
  private(set) var exits: [String: ExitStatus] = [:]
  private(set) var ends: [String: Int] = [:]
  private(set) var failures: [String: String] = [:]
  private(set) var goneCount = 0
  /// How often a paste had to wait for the program.
  private(set) var waits = 0

  init(_ descriptor: Descriptor) throws {
    link = try SupervisorLink.takeOver(descriptor: descriptor, atMostMs: 5000)
    link.onExit = { [weak self] in self?.exits[$0] = $1 }
    link.onSupervisorGone = { [weak self] in self?.goneCount += 1 }
    for child in link.takeHandedOver() {
      exits[child.id] = child.exit
      add(child)
    }
  }

  private func add(_ child: BornChild) {
    children[child.id] = (child.pid, child.terminal)
    child.terminal?.start(onOutput: {}, onEnd: { [weak self] in self?.ends[child.id, default: 0] += 1 })
  }

  func ready() { link.ready() }
  func keep(_ name: String, _ descriptor: Descriptor) throws { try link.keep(name, descriptor) }
  func takePipes(_ id: String) -> [Descriptor] {
    guard let pipes = link.takePipes(id) else { return [] }
    return [pipes.input, pipes.output, pipes.error].compactMap { $0 }
  }
  func pid(_ id: String) -> Int { children[id]?.pid ?? 0 }
  func end(_ id: String) -> UInt64 { children[id]?.lane?.ring.end ?? 0 }

  func spawn(_ birth: ChildBirth) {
    link.spawn(birth) { [weak self] result in
      switch result {
      case .success(let child): self?.add(child)
      case .failure(let failure): self?.failures[birth.id] = failure.message
      }
    }
  }

  /// Does no more, as a daemon that is killed.
  func abandon() {
    for (_, lane) in children.values { lane?.close() }
  }

  func text(_ id: String) -> String {
    guard let ring = children[id]?.lane?.ring else { return "" }
    return ring.withBytes(from: ring.start, atMost: .max) {
      String(decoding: Array($0) + Array($1), as: UTF8.self)
    }
  }

  func type(_ id: String, _ text: String) { paste(id, Array(text.utf8)) }

  func resize(_ id: String, _ columns: UInt16, _ rows: UInt16) {
    children[id]?.lane?.resize(columns: columns, rows: rows)
  }

  func paste(_ id: String, _ bytes: [UInt8]) {
    guard let lane = children[id]?.lane else { return }
    let taken = bytes.withUnsafeBytes { lane.write($0) }
    guard taken < bytes.count else { return }
    waits += 1
    lane.whenWritable { [weak self] in self?.paste(id, Array(bytes[taken...])) }
  }
}
