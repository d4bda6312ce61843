import ArrobaLoop
import ArrobaProvider
import ArrobaSupervision
import ArrobaSystem
import Glibc

@testable import ArrobaAdapters

/// Gives birth in this process, in place of the supervisor: children on pipes, in groups of their own, in the tests'
/// own directory.
@LoopActor
final class LocalChildren: ChildHost {
  private(set) var births: [ChildBirth] = []
  private(set) var living: [String: Int] = [:]
  private var handedOver: [BornChild] = []
  /// Duplicates of what a child that speaks in lines is reached by, as the supervisor has them.
  private var kept: [String: Kept] = [:]

  private struct Kept {
    let lane: ChildPipeLane
    let ends: [Descriptor]
    let memory: SharedMemory
  }
  /// Ends that came before anybody listened wait here for them.
  private var unheard: [(String, ExitStatus)] = []
  var onExit: (@LoopActor (String, ExitStatus) -> Void)? {
    didSet {
      guard let onExit else { return }
      for (id, status) in unheard { onExit(id, status) }
      unheard = []
    }
  }

  /// What the next daemon finds: the living children, with ends of pipes that nobody reads.
  func handOver() -> LocalChildren {
    let next = LocalChildren()
    for (id, pid) in living {
      next.handedOver.append(
        BornChild(id: id, pid: pid, terminal: nil, pipes: kept[id].flatMap { next.take($0, id) }, exit: nil))
      next.living[id] = pid
      next.watch(id, pid_t(pid))
    }
    living = [:]
    onExit = nil
    return next
  }

  /// The former one reads no more: that is what its death would have come to.
  private func take(_ former: Kept, _ id: String) -> ChildPipeLane? {
    former.lane.close()
    return lane(former.ends, former.memory, id)
  }

  /// A lane around the ends of a child's pipes, and of these duplicates for the next daemon.
  private func lane(_ ends: [Descriptor], _ memory: SharedMemory, _ id: String) -> ChildPipeLane? {
    guard let again = try? ends.map({ try $0.duplicate() }) else { return nil }  // as if not handed over
    let ring = OutputRing(mapping: memory.base, count: memory.count, owner: memory)
    let lane = ChildPipeLane(
      ChildPipes(input: ends[0], output: ends[1], error: ends[2], drainedOutput: ring, drainedError: nil))
    lane.onCloseInput = { [weak self] in self?.kept[id]?.ends[0].close() }
    kept[id] = Kept(lane: lane, ends: again, memory: memory)
    return lane
  }

  func takeHandedOver() -> [BornChild] {
    defer { handedOver = [] }
    return handedOver
  }

  func spawn(_ birth: ChildBirth, reply: @escaping @LoopActor (Result<BornChild, BirthFailure>) -> Void) {
    births.append(birth)
    var ends: [[Int32]] = []
    for _ in 0..<3 {
      var pair: [Int32] = [-1, -1]
      pipe(&pair)
      ends.append(pair)
    }
    let ours = [ends[0][1], ends[1][0], ends[2][0]]
    for number in ours { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, end) in [ends[0][0], ends[1][1], ends[2][1]].enumerated() {
      posix_spawn_file_actions_adddup2(&actions, end, Int32(number))
      posix_spawn_file_actions_addclose(&actions, end)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setpgroup(&attributes, 0)
    // This thread may hold signals back, and a child that inherits that does not hear SIGTERM.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    var arguments = birth.arguments.map { strdup($0) } + [nil]
    var environment = birth.environment.map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var pid = pid_t()
    let code = posix_spawn(&pid, birth.path, &actions, &attributes, &arguments, &environment)
    for end in [ends[0][0], ends[1][1], ends[2][1]] { close(end) }
    let descriptors = ours.map { Descriptor(owning: $0) }
    guard code == 0 else {
      return reply(.failure(BirthFailure("cannot start \(birth.path): \(SystemError.words(for: code))")))
    }
    living[birth.id] = Int(pid)
    watch(birth.id, pid)
    let lane =
      ring(of: birth).flatMap { self.lane(descriptors, $0, birth.id) }
      ?? ChildPipeLane(
        ChildPipes(
          input: descriptors[0], output: descriptors[1], error: descriptors[2], drainedOutput: nil,
          drainedError: nil))
    reply(.success(BornChild(id: birth.id, pid: Int(pid), terminal: nil, pipes: lane, exit: nil)))
  }

  private func ring(of birth: ChildBirth) -> SharedMemory? {
    guard case .lines(let capacity) = birth.kind else { return nil }
    // Without it the child has no ring, and is refused by whoever asked for one.
    guard let memory = try? SharedMemory(name: "test", count: OutputRing.memoryNeeded(capacity: capacity))
    else { return nil }
    _ = OutputRing(formatting: memory.base, capacity: capacity, owner: memory)
    return memory
  }

  private func watch(_ id: String, _ pid: pid_t) {
    Threads.start("test-child") { [weak self] in
      var information = siginfo_t()
      // Seen, and left for the last one who watches it: a child that was handed over is watched twice.
      while waitid(P_PID, id_t(pid), &information, Int32(WEXITED) | Int32(WNOWAIT)) != 0 && errno == EINTR {}
      let status = information._sifields._sigchld.si_status
      let isCode = information.si_code == CLD_EXITED
      Loop.shared.post { self?.ended(id, pid, isCode ? .code(Int(status)) : .signal(Int(status))) }
    }
  }

  private func ended(_ id: String, _ pid: pid_t, _ status: ExitStatus) {
    guard living.removeValue(forKey: id) != nil else { return }
    waitpid(pid, nil, 0)
    if let onExit { onExit(id, status) } else { unheard.append((id, status)) }
  }

  func signal(_ id: String, _ number: Int) {
    if let pid = living[id] { kill(pid_t(-pid), Int32(number)) }
  }

  func forget(_ id: String) { signal(id, Int(SIGKILL)) }

  func killAll() { for id in living.keys { forget(id) } }
}
