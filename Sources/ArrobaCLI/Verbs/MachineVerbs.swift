internal import ArrobaClient
internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTransport

/// Verbs about the machines that are reached by a relay.
extension Context {
  func listMachines() throws -> Int32 {
    let (road, token) = try access()
    let book: MachineBook
    do { book = try desk.book() } catch { throw Failure(desk: error) }
    // A relay that is away must not hide what is known.
    var present: [RelayMachine] = []
    var fault: RelayFailure?
    do { present = try RelayDesk.present(road, token) } catch { fault = error }
    let relay = "\(road.address)"
    do { try noteSeen(present, at: relay) } catch { throw Failure(desk: error) }
    let rows = Self.rows(book, present, relay: relay, nowMs: Clock.wallMs())
    guard !output.isJSON else {
      let known = rows.map(\.json)
      output.json(
        .record(["relay": .string(relay), "fault": .text(fault?.description), "machines": .array(known)]))
      return ExitCode.done
    }
    output.lines(rows.map(\.cells))
    if rows.isEmpty { output.note("no machine is known, and none is at \(relay)") }
    if let fault { output.note("\(fault)") }
    return ExitCode.done
  }

  struct MachineRow: Equatable {
    enum State: String {
      case here, away, new
      /// It is there with another key than the one that it is known by.
      case changed
    }

    let name: String
    let state: State
    let system: String
    let fingerprint: String
    let seenMs: Int?
    let nowMs: Int

    var json: JSON {
      .record([
        "name": .string(name), "state": .string(state.rawValue), "system": .string(system),
        "fingerprint": .string(fingerprint), "seenMs": .number(seenMs),
      ])
    }

    var cells: [Cell] {
      let (words, style): (String, Style) =
        switch state {
        case .here: ("here", .green)
        case .away: (seenMs.map { "away, seen \(Humane.age(nowMs - $0)) ago" } ?? "away", .faint)
        case .new: ("not added", .yellow)
        case .changed: ("ANOTHER HOST KEY", .red)
        }
      return [Cell(name, .bold), Cell(words, style), Cell(system), Cell(fingerprint)]
    }
  }

  /// The known ones first, then those that only the relay knows.
  static func rows(_ book: MachineBook, _ present: [RelayMachine], relay: String, nowMs: Int) -> [MachineRow]
  {
    let known = book.entries.map { entry in
      let there = entry.relay == relay ? present.first { $0.name == entry.nameAtRelay } : nil
      let isSame = there.map { SSHKey(line: $0.hostKey)?.blob == entry.hostKey.blob } ?? true
      let state: MachineRow.State = there == nil ? .away : isSame ? .here : .changed
      return MachineRow(
        name: entry.name, state: state, system: there?.system ?? "", fingerprint: entry.hostKey.fingerprint,
        seenMs: entry.seenMs, nowMs: nowMs)
    }
    let names = Set(book.entries.filter { $0.relay == relay }.map(\.nameAtRelay))
    let others = present.filter { !names.contains($0.name) }.map { machine in
      MachineRow(
        name: machine.name, state: .new, system: machine.system,
        fingerprint: SSHKey(line: machine.hostKey)?.fingerprint ?? "", seenMs: nil, nowMs: nowMs)
    }
    return known + others
  }

  private func noteSeen(_ present: [RelayMachine], at relay: String) throws(RelayDesk.Failure) {
    guard !present.isEmpty else { return }
    let now = Clock.wallMs()
    try desk.change { book throws(RelayDesk.Failure) in
      for var entry in book.entries
      where entry.relay == relay && present.contains(where: { $0.name == entry.nameAtRelay }) {
        entry.seenMs = now
        book.put(entry)
      }
    }
  }

  // MARK: knowing one

  func addMachine(_ name: String, _ fingerprint: String?) throws -> Int32 {
    let (road, token) = try access()
    let present: [RelayMachine]
    do { present = try RelayDesk.present(road, token) } catch { throw Failure(relay: error) }
    guard let machine = present.first(where: { $0.name == name }) else {
      throw Failure(
        "no machine '\(name)' is at \(road.address) now",
        hint: "on that machine: arroba relay join \(road.address) --name \(name)", kind: "not_found",
        exitCode: ExitCode.notFound)
    }
    guard let key = SSHKey(line: machine.hostKey) else {
      throw Failure(
        "'\(name)' shows no host key that can be read", kind: "failed", exitCode: ExitCode.failed)
    }
    if let fingerprint {
      guard fingerprint == key.fingerprint else {
        throw Failure(
          "the host key of '\(name)' at this relay is \(key.fingerprint), not \(fingerprint): do not trust it",
          hint: "on that machine arroba relay status shows its fingerprint", kind: "forbidden",
          exitCode: ExitCode.denied)
      }
    } else {
      guard seat.isTerminal else {
        throw Misuse("--fingerprint is missing", hint: "arroba relay status on '\(name)' shows it")
      }
      let question =
        "the host key of '\(name)' is \(key.fingerprint); is that what arroba relay status shows there? (yes/no) "
      guard SecretPrompt(seat: seat).ask(question, isShown: true) == "yes" else {
        throw Failure("'\(name)' was not added", kind: "failed", exitCode: ExitCode.failed)
      }
    }
    let entry = MachineBook.Entry(
      name: name, relay: "\(road.address)", nameAtRelay: name, id: machine.id, user: machine.user,
      hostKey: key,
      seenMs: Clock.wallMs())
    do {
      try desk.change { book throws(RelayDesk.Failure) in
        if let old = book.entry(name), old.hostKey.blob != key.blob {
          throw RelayDesk.Failure(
            message:
              "'\(name)' is known by another host key, \(old.hostKey.fingerprint): somebody may pose as it",
            hint: "if it was set up anew: arroba machine forget \(name), then add it again")
        }
        guard book.entries.count < MachineBook.most else {
          throw RelayDesk.Failure(message: "\(MachineBook.most) machines are known already", hint: nil)
        }
        book.put(entry)
      }
    } catch { throw Failure(desk: error) }
    return say(entry.json) { _ in "known: \(name), \(key.fingerprint)" }
  }

  func renameMachine(_ name: String, _ new: String) throws -> Int32 {
    guard RelayMachine.isName(new) else {
      throw Misuse("a name has 1 to 64 letters, digits and - _ . and begins with a letter or a digit")
    }
    do {
      let entry = try desk.change { book throws(RelayDesk.Failure) in
        guard var entry = book.entry(name) else { throw Self.unknown(name) }
        guard book.entry(new) == nil else {
          throw RelayDesk.Failure(message: "a machine '\(new)' is known already", hint: nil)
        }
        _ = book.remove(name)
        entry.name = new
        book.put(entry)
        return entry
      }
      return say(entry.json) { _ in "renamed: \(new)" }
    } catch { throw Failure(desk: error) }
  }

  func forgetMachine(_ name: String) throws -> Int32 {
    do {
      try desk.change { book throws(RelayDesk.Failure) in
        guard book.remove(name) else { throw Self.unknown(name) }
      }
    } catch { throw Failure(desk: error) }
    return say(["name": .string(name)]) { _ in "forgotten: \(name)" }
  }

  func machineConfiguration(_ name: String) throws -> Int32 {
    let text: String
    do {
      let book = try desk.book()
      guard let entry = book.entry(name) else { throw Self.unknown(name) }
      text = book.sshConfiguration(
        entry, knownHosts: desk.knownHosts, program: ThisProcess.executable ?? "arroba")
    } catch { throw Failure(desk: error) }
    if output.isJSON { output.json(["configuration": .string(text)]) } else { output.line(text) }
    return ExitCode.done
  }

  private static func unknown(_ name: String) -> RelayDesk.Failure {
    RelayDesk.Failure(message: "no machine '\(name)' is known", hint: "arroba machine add \(name)")
  }
}
