internal import CPty
internal import Glibc

/// Programs whose standard input and output are a socket: what carries a connection, and what serves one.
extension Programs {
  /// Starts one in a session of its own, so that a Ctrl-C on our terminal is not its end. `errors`: where its error
  /// output goes; nil: where ours does. It inherits nothing else, since all of ours is close-on-exec. To be waited for.
  package static func startOnSocket(
    _ words: [String], environment: [String]? = nil, socket: Descriptor, errors: Descriptor? = nil
  ) throws(SystemError) -> Int32 {
    guard let program = words.first else { preconditionFailure("a program has a name") }
    // sshd takes two connections that do not wait for two that do.
    socket.setBlocking(true)
    return try spawn(program, words, environment ?? Environment.entries, in: .newSession) { actions in
      posix_spawn_file_actions_adddup2(&actions, socket.raw, 0)
      posix_spawn_file_actions_adddup2(&actions, socket.raw, 1)
      if let errors { posix_spawn_file_actions_adddup2(&actions, errors.raw, 2) }
    }
  }

  /// Runs a program to its end, without input; its exit code (nil: a signal ended it) and the first of what it said.
  package static func run(_ words: [String]) throws(SystemError) -> (code: Int32?, said: [UInt8]) {
    let (ours, theirs) = try Sockets.pair(messages: false)
    let pid = try startOnSocket(words, socket: theirs, errors: theirs)
    theirs.close()
    Sockets.endSending(of: ours)
    let said = StandardStreams.readAll(from: ours.raw, atMost: 64 << 10)
    return (Processes.waitForExit(of: pid), said)
  }
}

extension Processes {
  /// A descriptor that becomes readable when a child has ended; to be reaped then.
  package static func handle(of pid: Int32) throws(SystemError) -> Descriptor {
    let number = arroba_open_pid(pid)
    guard number >= 0 else { throw .last("watch", "process \(pid)") }
    let descriptor = Descriptor(owning: number)
    descriptor.setInherited(false)
    return descriptor
  }

  /// Ends a child that is not needed any more.
  package static func hangUp(_ pid: Int32) { if pid > 1 { _ = kill(pid, SIGHUP) } }
}
