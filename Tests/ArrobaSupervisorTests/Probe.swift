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
  private var pipes: [String: any PipeLane] = [:]
  private var said: [String: [UInt8]] = [:]
  private var saidWrong: [String: [UInt8]] = [:]
  private(set) var exits: [String: ExitStatus] = [:]
  private(set) var ends: [String: Int] = [:]
  private(set) var failures: [String: String] = [:]
  private(set) var goneCount = 0
  /// How often a paste had to wait for the program.
  private(set) var waits = 0

  private(set) var share: ShareProbe?

  /// `share`: the name of a share that is asked for at once, as a provider does.
  init(_ descriptor: Descriptor, share: String? = nil) throws {
    link = try SupervisorLink.takeOver(descriptor: descriptor, atMostMs: 5000)
    if share != nil { self.share = ShareProbe(link) }
    link.onExit = { [weak self] in self?.exits[$0] = $1 }
    link.onSupervisorGone = { [weak self] in self?.goneCount += 1 }
    for child in link.takeHandedOver() {
      exits[child.id] = child.exit
      add(child)
    }
  }

  private func add(_ child: BornChild) {
    children[child.id] = (child.pid, child.terminal)
    pipes[child.id] = child.pipes
    child.pipes?.start(
      onOutput: { [weak self] in self?.said[child.id, default: []] += $0 },
      onErrorOutput: { [weak self] in self?.saidWrong[child.id, default: []] += $0 },
      onEnd: { [weak self] in self?.ends[child.id, default: 0] += 1 })
    child.terminal?.start(
      onOutput: {}, meanwhile: {}, onEnd: { [weak self] in self?.ends[child.id, default: 0] += 1 })
  }

  func ready() { link.ready() }
  func keep(_ name: String, _ descriptor: Descriptor) throws { try link.keep(name, descriptor) }
  func output(_ id: String) -> String { String(decoding: said[id] ?? [], as: UTF8.self) }
  func errorOutput(_ id: String) -> String { String(decoding: saidWrong[id] ?? [], as: UTF8.self) }
  func closeInput(_ id: String) { pipes[id]?.closeInput() }
  func feed(_ id: String, _ text: String) -> Int {
    Array(text.utf8).withUnsafeBytes { pipes[id]?.write($0) ?? -1 }
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
    for lane in pipes.values { lane.close() }
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

/// A provider around its share of the children.
@LoopActor
final class ShareProbe {
  private let host: any ChildHost
  private(set) var children: [String: BornChild] = [:]
  private(set) var exits: [String: ExitStatus] = [:]

  init(_ link: SupervisorLink) {
    host = link.share("own")
    host.onExit = { [weak self] in self?.exits[$0] = $1 }
    for child in host.takeHandedOver() { children[child.id] = child }
  }

  func spawn(_ birth: ChildBirth) {
    host.spawn(birth) { [weak self] result in
      if case .success(let child) = result { self?.children[child.id] = child }
    }
  }

  func pid(_ id: String) -> Int { children[id]?.pid ?? 0 }

  func signal(_ id: String, _ number: Int) { host.signal(id, number) }
}
