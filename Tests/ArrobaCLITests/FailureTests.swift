import ArrobaClient
import ArrobaJSON
import ArrobaWire
import Testing

@testable import ArrobaCLI

@Suite("What went wrong, and how it is said")
struct FailureTests {
  private static let codes: [(ErrorKind, Int32)] = [
    (.helloRequired, 1), (.protocolUnsupported, 1), (.lineTooLong, 1), (.overloaded, 75),
    (.commandConflict, 75),
    (.invalidReference, 2), (.sessionNotFound, 4), (.sessionAmbiguous, 1), (.sessionEnded, 1),
    (.aliasInvalid, 2),
    (.aliasConflict, 75), (.agentNotFound, 4), (.agentAmbiguous, 1), (.agentLimit, 1), (.promptNotFound, 4),
    (.promptNotActive, 1), (.askNotFound, 4), (.askAlreadyAnswered, 1), (.providerNotFound, 4),
    (.providerUnavailable, 1), (.providerFailed, 1), (.terminalNotFound, 4), (.terminalNotAvailable, 1),
    (.attachmentNotFound, 4), (.workspaceNotFound, 4), (.worktreeFailed, 1), (.claimConflict, 75),
    (.configInvalid, 1),
    (.busy, 75), (.storageFull, 75), (.storageFailed, 1), (.shuttingDown, 75), (.forbidden, 5),
    (.notSupported, 1),
    (.relayUnreachable, 75), (.relayRefused, 5), (.internal, 1),
  ]

  private func refused(_ error: WireError) -> Failure {
    Failure(ClientError.refused(error, json: error.json))
  }

  @Test("Each kind of refusal has its exit code")
  func kinds() {
    #expect(Set(Self.codes.map(\.0)) == Set(ErrorKind.allCases))
    for (kind, code) in Self.codes {
      #expect(refused(WireError(kind: kind, message: "m")).exitCode == code, "\(kind)")
    }
    #expect(refused(WireError(code: WireError.invalidParams, kind: nil, message: "m")).exitCode == 2)
    #expect(refused(WireError(code: WireError.methodNotFound, kind: nil, message: "m")).exitCode == 1)
  }

  @Test("Whatever may be tried again says so by exit code 75")
  func retryable() {
    for kind in ErrorKind.allCases where kind.isRetryable {
      #expect(refused(WireError(kind: kind, message: "m")).exitCode == ExitCode.tryAgain, "\(kind)")
    }
  }

  @Test("Other failures have theirs")
  func others() {
    #expect(Failure(ClientError.unreachable("m", hint: "h")).exitCode == 69)
    #expect(Failure(ClientError.lost("m")).exitCode == 69)
    #expect(Failure(ClientError.timedOut("m")).exitCode == 3)
    #expect(Failure(ClientError.malformed("m")).exitCode == 1)
    #expect(Failure(Misuse("m")).exitCode == 2)
    #expect(Failure(Misuse("m", isUnconfirmed: true)).exitCode == 7)
    #expect(Failure(Misuse("m", isUnconfirmed: true)).json["data"]?["kind"] == "not_confirmed")
    struct Other: Error {}
    #expect(Failure(Other() as any Error).exitCode == 1)
    #expect(Failure(Misuse("m", hint: "h") as any Error) == Failure(Misuse("m", hint: "h")))
    let own = Failure("m", kind: "timeout", exitCode: 3)
    #expect(Failure(own as any Error) == own)
  }

  @Test("A program's own status is its code, or 128 and its signal")
  func status() {
    #expect(ExitCode.ofProgram(0) == 0 && ExitCode.ofProgram(7) == 7 && ExitCode.ofProgram(256 + 3) == 3)
    #expect(ExitCode.ofProgram(-9) == 137 && ExitCode.ofProgram(-15) == 143)
  }

  @Test("With --json an error is the protocol's error object; the daemon's own as it came")
  func json() {
    let came: JSON = [
      "code": -32000, "message": "no", "data": ["kind": "new_kind", "retryable": true, "extra": 5],
    ]
    #expect(Failure(ClientError.refused(WireError(json: came), json: came)).json == came)
    #expect(
      Failure(Misuse("a verb is missing", hint: "arroba help")).json.encodedText
        == #"{"code":-32000,"message":"a verb is missing","data":{"kind":"usage","retryable":false,"hint":"arroba help"}}"#
    )
    #expect(
      Failure(ClientError.lost("gone")).json.encodedText
        == #"{"code":-32000,"message":"gone","data":{"kind":"unreachable","retryable":false}}"#)
  }
}

@Suite("Where words go")
struct OutputTests {
  /// What an output writes to each stream.
  private func said(
    isJSON: Bool = false, isQuiet: Bool = false, usesColour: Bool = false, _ body: (Output) -> Void
  ) -> (out: String, error: String, order: [Output.Stream]) {
    var out = ""
    var error = ""
    var order: [Output.Stream] = []
    let output = Output(isJSON: isJSON, isQuiet: isQuiet, usesColour: usesColour) { stream, bytes in
      order.append(stream)
      if stream == .standard {
        out += String(decoding: bytes, as: UTF8.self)
      } else {
        error += String(decoding: bytes, as: UTF8.self)
      }
    }
    body(output)
    output.flush()
    return (out, error, order)
  }

  @Test(
    "Results go to standard output, remarks and errors to the other, in the order in which they were said")
  func streams() {
    let (out, error, order) = said { output in
      output.line("one")
      output.lines([["a", "b"]])
      output.note("a remark")
      output.line("two")
      output.fail(Failure("it failed", hint: "do this", kind: "failed", exitCode: 1))
    }
    #expect(out == "one\na  b\ntwo\n")
    #expect(error == "a remark\narroba: it failed\nhint: do this\n")
    #expect(order == [.standard, .error, .standard, .error])
  }

  @Test("Quiet leaves remarks out, never errors")
  func quiet() {
    let (_, error, _) = said(isQuiet: true) { output in
      output.note("a remark")
      output.fail(Failure("it failed", kind: "failed", exitCode: 1))
    }
    #expect(error == "arroba: it failed\n")
  }

  @Test("With --json results and errors are one object a line")
  func json() {
    let (out, error, _) = said(isJSON: true) { output in
      output.json(["a": 1, "b": ["x\n"]])
      output.fail(Failure(Misuse("no")))
    }
    #expect(out == "{\"a\":1,\"b\":[\"x\\n\"]}\n")
    #expect(
      error == "{\"code\":-32000,\"message\":\"no\",\"data\":{\"kind\":\"usage\",\"retryable\":false}}\n")
  }

  @Test("An error's words cannot move the cursor; the lines of it stay lines")
  func clean() {
    let (_, error, _) = said { $0.fail(Failure("a\u{1B}[2J\nb", hint: "c\nd", kind: "failed", exitCode: 1)) }
    #expect(error == "arroba: a\u{FFFD}[2J\nb\nhint: c d\n")
  }

  @Test("A large result is written in pieces, nothing of it twice")
  func large() {
    let line = String(repeating: "x", count: 1000)
    let (out, _, order) = said { output in for _ in 0..<200 { output.line(line) } }
    #expect(out == String(repeating: line + "\n", count: 200) && order.count > 3)
  }

  @Test("Colours are shown on a terminal only, and not where anybody said no")
  func colour() {
    func uses(_ environment: [String: String], isTerminal: Bool = true, hasNoColor: Bool = false) -> Bool {
      var globals = GlobalOptions()
      globals.hasNoColor = hasNoColor
      return Output(globals: globals, environment: environment, isTerminal: isTerminal) { _, _ in }.usesColour
    }
    #expect(uses(["TERM": "xterm"]) && uses(["NO_COLOR": ""]))
    #expect(!uses([:], isTerminal: false) && !uses([:], hasNoColor: true))
    #expect(!uses(["NO_COLOR": "1"]) && !uses(["TERM": "dumb"]))
  }
}
