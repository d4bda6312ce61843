internal import ArrobaSupervision
internal import ArrobaSystem
internal import CPty
internal import Glibc

/// Giving birth: from an order to a process with its descriptors.
struct Birth {
  enum Outcome {
    case terminal(pid: Int32, primary: Descriptor, ring: Descriptor)
    case pipes(pid: Int32, input: Descriptor, output: Descriptor, error: Descriptor, ring: Descriptor?)
    case failed(stage: BirthStage, code: Int32)
  }

  /// Two gigabytes of shared memory would be a mistake, not a wish.
  private static let ringCapacities = (2 * OutputRing.longestFill)...(256 << 20)

  /// How many files the user may open, before the supervisor raised it for itself.
  let fileLimit: rlimit

  func follow(_ order: ChildBirth) -> Outcome {
    guard !order.arguments.isEmpty, order.path.utf8.first == UInt8(ascii: "/") else {
      return .failed(stage: .program, code: EINVAL)
    }
    switch order.kind {
    case .terminal(let columns, let rows, let ringCapacity):
      guard Self.ringCapacities.contains(ringCapacity) else {
        return .failed(stage: .fork, code: EINVAL)
      }
      return bearTerminal(order, columns: columns, rows: rows, capacity: ringCapacity)
    case .pipes:
      return bearPipes(order, ring: nil)
    case .lines(let ringCapacity):
      guard Self.ringCapacities.contains(ringCapacity) else {
        return .failed(stage: .fork, code: EINVAL)
      }
      do {
        let (memory, _) = try ring(named: "arroba-lines", capacity: ringCapacity)
        return bearPipes(order, ring: memory.descriptor)
      } catch {
        return .failed(stage: .fork, code: error.code)
      }
    }
  }

  /// Fresh memory, formatted, and to be let go of at once: only who reads into it needs its pages.
  private func ring(named name: String, capacity: Int) throws(SystemError) -> (SharedMemory, OutputRing) {
    let memory = try SharedMemory(name: name, count: OutputRing.memoryNeeded(capacity: capacity))
    return (memory, OutputRing(formatting: memory.base, capacity: capacity, owner: memory))
  }

  private func bearTerminal(_ order: ChildBirth, columns: UInt16, rows: UInt16, capacity: Int) -> Outcome {
    let ring: Descriptor
    do {
      let (memory, made) = try self.ring(named: "arroba-ring", capacity: capacity)
      made.size = (columns, rows)
      ring = memory.descriptor
    } catch {
      return .failed(stage: .fork, code: error.code)
    }
    var primary: Int32 = -1
    let result = born(order, columns: columns, rows: rows) { birth, stage, why in
      arroba_fork_terminal(birth, &primary, stage, why)
    }
    switch result {
    case .success(let pid): return .terminal(pid: pid, primary: Descriptor(owning: primary), ring: ring)
    case .failure(let fault): return .failed(stage: fault.stage, code: fault.code)
    }
  }

  private func bearPipes(_ order: ChildBirth, ring: Descriptor?) -> Outcome {
    var ends: [Int32] = [-1, -1, -1]
    let result = born(order, columns: 0, rows: 0) { birth, stage, why in
      arroba_fork_pipes(birth, &ends, stage, why)
    }
    switch result {
    case .success(let pid):
      return .pipes(
        pid: pid, input: Descriptor(owning: ends[0]), output: Descriptor(owning: ends[1]),
        error: Descriptor(owning: ends[2]), ring: ring)
    case .failure(let fault): return .failed(stage: fault.stage, code: fault.code)
    }
  }

  private struct Fault: Error {
    let stage: BirthStage
    let code: Int32
  }

  private func born(
    _ order: ChildBirth, columns: UInt16, rows: UInt16,
    _ fork: (UnsafePointer<arroba_birth>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> pid_t
  ) -> Result<Int32, Fault> {
    CStrings.with([order.path, order.directory]) { names in
      CStrings.with(order.arguments) { arguments in
        CStrings.with(order.environment) { environment in
          var birth = arroba_birth(
            path: names[0], argv: arguments, envp: environment, directory: names[1], columns: columns,
            rows: rows,
            files: fileLimit)
          var stage: Int32 = 0
          var why: Int32 = 0
          let pid = fork(&birth, &stage, &why)
          if pid < 0 { return .failure(Fault(stage: .fork, code: -pid)) }
          guard stage != 0 else { return .success(pid) }
          return .failure(
            Fault(stage: BirthStage(rawValue: UInt8(truncatingIfNeeded: stage)) ?? .fork, code: why))
        }
      }
    }
  }
}

/// Texts as C wants them: an array of zero-terminated ones, with nil at its end.
enum CStrings {
  static func with<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let copies = texts.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else {
        preconditionFailure("an array with an element has an address")
      }
      return body(base)
    }
  }
}
