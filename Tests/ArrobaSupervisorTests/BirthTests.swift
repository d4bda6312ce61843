import ArrobaSupervision
import ArrobaSystem
import Glibc
import Testing

@Suite(.ownThread) struct BirthTests {
  /// The supervisor's own state is as bad as a caller can make it.
  private static let hostile =
    "trap '' INT QUIT TERM USR1 USR2 PIPE CHLD; ulimit -S -n 777; exec nice -n 5 \"$@\""

  private func field(_ name: String, of status: String) -> String? {
    status.split(whereSeparator: \.isNewline).first { $0.hasPrefix("\(name):") }
      .map { $0.dropFirst(name.count + 1).trimmed }
  }

  @Test("A child has no signal blocked or ignored, normal niceness, and the user's file limit")
  func clean() throws {
    let run = try SupervisorRun(wrapper: Self.hostile)
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    let terminal = try daemon.terminal("a", "ulimit -S -n; nice; exec cat /proc/self/status")
    let said = try terminal.readAll()
    let zero = "0000000000000000"
    for name in ["SigBlk", "SigIgn", "SigCgt", "SigPnd"] { #expect(field(name, of: said) == zero, "\(said)") }
    // Only root may go back to a better niceness than the one it was given.
    #expect(said.hasPrefix("777\r\n\(geteuid() == 0 ? 0 : 5)\r\n"))
    let (_, ends) = try daemon.pipes("b", "exec cat /proc/self/status")
    let status = try String(decoding: readToEnd(ends[1]), as: UTF8.self)
    for name in ["SigBlk", "SigIgn", "SigCgt", "SigPnd"] {
      #expect(field(name, of: status) == zero, "\(status)")
    }
  }

  @Test("A child gets exactly the environment, arguments and directory that were ordered")
  func given() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    let order = ChildBirth(
      id: "a", kind: .pipes, path: "/usr/bin/env", arguments: ["env"], environment: ["B=ä 🙂", "A=", "ODD"],
      directory: run.directory)
    try daemon.say(.spawn(order))
    let ends = try daemon.wait { notice, passed in if case .spawned = notice { passed } else { nil } }
    #expect(try String(decoding: readToEnd(ends[1]), as: UTF8.self) == "B=ä 🙂\nA=\nODD\n")
    let script = ChildBirth(
      id: "b", kind: .pipes, path: "/bin/sh",
      arguments: ["sh", "-c", "printf '%s|' \"$0\" \"$@\"", "", "a b", "*"],
      environment: [], directory: "/")
    try daemon.say(.spawn(script))
    let others = try daemon.wait { notice, passed in if case .spawned = notice { passed } else { nil } }
    #expect(try String(decoding: readToEnd(others[1]), as: UTF8.self) == "|a b|*|")
    let terminal = try daemon.terminal("c", "pwd", directory: run.directory)
    #expect(try terminal.readAll() == "\(run.directory)\r\n")
  }

  @Test("A child has its three descriptors and no other one")
  func descriptors() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    let terminal = try daemon.terminal(
      "a", "ls /proc/$$/fd; tty; exec readlink /proc/self/fd/0 /proc/self/fd/2")
    let words = try terminal.readAll().split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(Array(words.prefix(3)) == ["0", "1", "2"])
    // dash keeps its terminal open as descriptor 10.
    #expect(words.dropFirst(3).filter { Int($0) != nil && $0 != "10" } == [])
    #expect(words.suffix(3).allSatisfy { $0.hasPrefix("/dev/pts/") && $0 == words.last })
    let (_, ends) = try daemon.pipes("b", "exec ls /proc/self/fd")
    // 3 is the directory that ls looks at.
    #expect(try String(decoding: readToEnd(ends[1]), as: UTF8.self) == "0\n1\n2\n3\n")
    let ours = try Files.list("/proc/\(run.pid)/fd").compactMap(Int.init)
    for number in ours {
      let target = try link("/proc/\(run.pid)/fd/\(number)")
      #expect(number <= 2 || !target.hasSuffix("/said"), "the supervisor holds on to \(target)")
    }
  }

  @Test("A child on a terminal leads a session of its own there, at the size that was ordered, in UTF-8")
  func terminal() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    let script = "stty size; stty -a | grep -o ' iutf8'; exec cat /proc/self/stat"
    let terminal = try daemon.terminal("a", script, size: (133, 41))
    let lines = try terminal.readAll().split(whereSeparator: \.isNewline).map(String.init)
    #expect(lines[0] == "41 133" && lines[1] == " iutf8")
    let stat = lines[2].split(separator: " ")
    // pid, name, state, ppid, pgrp, session, tty, foreground group
    #expect(stat[0] == "\(terminal.pid)" && stat[3] == "\(run.pid)")
    #expect(stat[4] == stat[0] && stat[5] == stat[0] && stat[7] == stat[0] && stat[6] != "0")
    #expect(terminal.ring.size == (133, 41))
  }

  @Test("A child on pipes leads a session and a group of its own, without a terminal")
  func pipes() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    let (pid, ends) = try daemon.pipes("a", "cat; echo wrong >&2; exec cat /proc/self/stat")
    try ends[0].writeAll(Array("typed\n".utf8))
    ends[0].close()
    try daemon.say(.closeInput(id: "a"))
    let lines = try String(decoding: readToEnd(ends[1]), as: UTF8.self).split(separator: "\n")
    #expect(lines[0] == "typed")
    let stat = lines[1].split(separator: " ")
    #expect(stat[0] == "\(pid)" && stat[4] == stat[0] && stat[5] == stat[0] && stat[6] == "0")
    #expect(try String(decoding: readToEnd(ends[2]), as: UTF8.self) == "wrong\n")
    #expect(try daemon.waitForEnd(of: "a") == .code(0))
  }

  @Test("A missing program, a missing directory and a taken id are reported, and nothing is left")
  func failures() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    var order = ChildBirth(
      id: "a", kind: .pipes, path: "/no/such", arguments: ["x"], environment: [], directory: "/")
    for kind in [ChildBirth.Kind.pipes, .terminal(columns: 80, rows: 24, ringCapacity: 65536)] {
      order.kind = kind
      order.path = "/no/such/program"
      order.directory = "/"
      #expect(try daemon.failure(of: order) ?? (.fork, 0) == (.program, ENOENT))
      order.path = "/etc/passwd"
      #expect(try daemon.failure(of: order) ?? (.fork, 0) == (.program, EACCES))
      order.path = "/bin/sh"
      order.directory = "/no/such/directory"
      #expect(try daemon.failure(of: order) ?? (.fork, 0) == (.directory, ENOENT))
      order.path = "relative"
      #expect(try daemon.failure(of: order) ?? (.fork, 0) == (.program, EINVAL))
    }
    let before = try Files.list("/proc/\(run.pid)/fd").count
    _ = try daemon.failure(of: order)
    #expect(try Files.list("/proc/\(run.pid)/fd").count == before)
    _ = try daemon.terminal("b", "exec sleep 1000")
    order.id = "b"
    #expect(try daemon.failure(of: order) ?? (.program, 0) == (.fork, EEXIST))
    // Only the daemon and "b" are there; zombies would be too.
    let children = try Files.read("/proc/\(run.pid)/task/\(run.pid)/children", atMost: 4096)
    #expect(children.split(separator: 32).count == 2)
  }

  @Test("How a child ended is told: its code, or the signal")
  func ends() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    for code in [0, 1, 7, 255] {
      _ = try daemon.pipes("c\(code)", "exit \(code)")
      #expect(try daemon.waitForEnd(of: "c\(code)") == .code(Int32(code)))
    }
    for number in [SIGTERM, SIGKILL, SIGSEGV] {
      _ = try daemon.terminal("s\(number)", "kill -\(number) $$")
      #expect(try daemon.waitForEnd(of: "s\(number)") == .signal(number))
    }
  }

  @Test("Fifty children that end at once are all reported")
  func many() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    for number in 0..<50 {
      let order = ChildBirth(
        id: "q\(number)", kind: .pipes, path: "/bin/sh", arguments: ["sh", "-c", "exit \(number)"],
        environment: [], directory: "/")
      try daemon.say(.spawn(order))
    }
    for number in 0..<50 { #expect(try daemon.waitForEnd(of: "q\(number)") == .code(Int32(number))) }
  }

  @Test("A signal reaches the child's group, and the group in its terminal's foreground")
  func signals() throws {
    let run = try SupervisorRun()
    let daemon = try run.firstDaemon()
    defer { withExtendedLifetime(daemon) {} }
    let terminal = try daemon.terminal(
      "a",
      "trap 'echo outer' USR1; set -m; sh -c \"trap 'echo inner; exit' USR1; echo here; while :; do sleep 0.01; done\"; echo done"
    )
    try terminal.read(until: "here")
    try daemon.say(.signal(id: "a", number: SIGUSR1))
    let said = try terminal.readAll()
    #expect(said.contains("outer") && said.contains("inner") && said.contains("done"))
  }

  private func link(_ path: String) throws -> String {
    var room = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &room, 4096)
    return String(decoding: room[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// Everything that comes out of a descriptor until its end.
func readToEnd(_ descriptor: Descriptor) throws -> [UInt8] {
  var all: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    guard descriptor.waitReadable(atMostMs: SupervisorRun.patienceMs) else {
      throw Trouble("no end of \(all.count) bytes")
    }
    switch block.withUnsafeMutableBytes({ descriptor.read(into: $0) }) {
    case .moved(let count): all += block[..<count]
    case .wouldBlock: continue
    case .ended: return all
    case .failed(let code): throw Trouble("read: \(SystemError.words(for: code))")
    }
  }
}

extension Substring {
  var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
