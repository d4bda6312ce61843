import ArrobaJSON
import ArrobaTestSupport
import Testing

@Suite("Clients that leave in the middle", .journey)
struct LeavingJourneys {
  @Test("A client that is cut off while output comes ends nobody but itself")
  func cutUnderOutput() throws {
    try withDaemon { daemon in
      let control = try daemon.client()
      let pid = try control.request("daemon.health").number("pid")
      let session = try daemon.session("yes")
      let id = try session.words("id")
      let other = try daemon.client().attach(id, mode: "view")
      for _ in 0..<10 {
        let leaving = try daemon.client().attach(id)
        try leaving.wait("output") { !leaving.output.isEmpty }
        leaving.cut()
      }
      let seen = other.offset
      try other.wait("more output") { other.offset > seen + 1 << 20 }
      #expect(try control.request("daemon.health").number("pid") == pid)
      #expect(try control.request("session.get", ["session": .string(id)]).words("id") == id)
    }
  }

  @Test("A client that is cut off before its attach is answered stays attached to nothing")
  func cutBeforeAnswer() throws {
    try withDaemon { daemon in
      let control = try daemon.client()
      let id = try daemon.session("sleep 100").words("id")
      for _ in 0..<20 {
        let leaving = try daemon.client()
        _ = try leaving.send("terminal.attach", ["session": .string(id), "cols": 80, "rows": 24])
        leaving.close()
      }
      // Each request of a connection that is answered later shows that those before were read.
      var attached = -1
      for _ in 0..<500 where attached != 0 {
        attached = try control.request("daemon.health").number("terminals.attached")
      }
      #expect(attached == 0)
    }
  }
}
