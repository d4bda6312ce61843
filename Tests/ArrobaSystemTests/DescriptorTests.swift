import ArrobaSystem
import ArrobaTestSupport
import Testing

@Suite struct DescriptorTests {
  private func read(_ descriptor: Descriptor, atMost count: Int = 64) -> (Transfer, [UInt8]) {
    var buffer = [UInt8](repeating: 0, count: count)
    let transfer = buffer.withUnsafeMutableBytes { descriptor.read(into: $0) }
    guard case .moved(let moved) = transfer else { return (transfer, []) }
    return (transfer, Array(buffer[..<moved]))
  }

  @Test("Bytes go through a pair of sockets; nothing to read would block; a closed other side is the end")
  func pair() throws {
    let (near, far) = try Sockets.pair(messages: false)
    near.setBlocking(false)
    #expect(read(near).0 == .wouldBlock)
    try far.writeAll(Array("hello".utf8))
    #expect(read(near).1 == Array("hello".utf8))
    far.close()
    #expect(read(near).0 == .ended)
    #expect([1].withUnsafeBytes { near.send($0) } == .ended)
  }

  @Test("Three parts are sent as one, in order, empty ones too")
  func parts() throws {
    let (near, far) = try Sockets.pair(messages: true)
    let (head, body, tail): ([UInt8], [UInt8], [UInt8]) = ([1, 2], [], [3])
    let sent = head.withUnsafeBytes { a in
      body.withUnsafeBytes { b in tail.withUnsafeBytes { c in near.send(a, b, c) } }
    }
    #expect(sent == .moved(3))
    #expect(read(far).1 == [1, 2, 3])
  }

  @Test("A closed descriptor has no number, and closing it again harms nobody")
  func closing() throws {
    let (near, far) = try Sockets.pair(messages: false)
    let copy = try near.duplicate()
    near.close()
    near.close()
    #expect(near.raw == -1)
    #expect(throws: SystemError.self) { try near.duplicate() }
    try copy.writeAll([9])
    #expect(read(far).1 == [9], "a duplicate lives on")
    let number = copy.release()
    #expect(number >= 0 && copy.raw == -1)
    Descriptor(owning: number).close()
    #expect(read(far).0 == .ended)
  }

  @Test("Descriptors travel with the bytes that they were sent with")
  func passing() throws {
    let (near, far) = try Sockets.pair(messages: true)
    let (given, kept) = try Sockets.pair(messages: false)
    let sent = [7, 8].map(UInt8.init).withUnsafeBytes {
      DescriptorPassing.send($0, passing: [given.raw], over: near)
    }
    #expect(sent == .moved(2))
    given.close()
    var buffer = [UInt8](repeating: 0, count: 16)
    let (transfer, passed) = buffer.withUnsafeMutableBytes { DescriptorPassing.receive(into: $0, from: far) }
    #expect(transfer == .moved(2))
    #expect(passed.count == 1)
    try passed.first?.writeAll([5])
    #expect(read(kept).1 == [5])
  }

  @Test("A socket is for its owner alone, names its peer, and is refused where nobody listens")
  func sockets() throws {
    let directory = TemporaryDirectory()
    let path = directory.path("s.sock")
    #expect(throws: SystemError("connect to", path, code: 2)) { try Sockets.connect(to: path) }
    let listener = try Sockets.listen(at: path, backlog: 4)
    #expect(Files.status(path)?.permissions == 0o600)
    #expect(Files.status(path)?.isSocket == true)
    guard case .none = Sockets.accept(from: listener) else {
      Issue.record("a connection came from nowhere")
      return
    }
    let client = try Sockets.connect(to: path)
    guard case .connection(let server) = Sockets.accept(from: listener) else {
      Issue.record("the connection was not accepted")
      return
    }
    #expect(Sockets.peer(of: server)?.uid == Files.status(path)?.owner)
    try client.writeAll([1])
    listener.close()
    do {
      _ = try Sockets.connect(to: path)
      Issue.record("nobody listens, and yet it connected")
    } catch {
      #expect(error.isRefused)
    }
  }

  @Test("A path that no address holds is refused with its reason; the longest that fits is used")
  func longPaths() throws {
    let directory = TemporaryDirectory()
    let room = Sockets.longestPath - directory.path.utf8.count - 1
    let listener = try Sockets.listen(at: directory.path(String(repeating: "x", count: room)), backlog: 1)
    #expect(listener.raw >= 0)
    let tooLong = directory.path(String(repeating: "y", count: room + 1))
    #expect(throws: SystemError("use the socket path", tooLong, code: 36)) {
      try Sockets.listen(at: tooLong, backlog: 1)
    }
  }

  @Test("Shared memory is one memory, by whichever descriptor it is mapped")
  func sharedMemory() throws {
    let first = try SharedMemory(name: "test", count: 8192)
    let second = try SharedMemory(mapping: first.descriptor.duplicate())
    #expect(second.count == 8192)
    #expect(second.base.load(fromByteOffset: 8191, as: UInt8.self) == 0)
    first.base.storeBytes(of: 42, toByteOffset: 4096, as: UInt8.self)
    #expect(second.base.load(fromByteOffset: 4096, as: UInt8.self) == 42)
  }
}
