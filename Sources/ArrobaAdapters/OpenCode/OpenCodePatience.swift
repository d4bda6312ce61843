/// How long the talk with a server waits for what, in milliseconds. What a turn waits for is in `OpenCodeLimits`.
struct OpenCodePatience: Sendable {
  /// For the line that says where a new server listens. Two to four seconds were measured, on an idle machine.
  var readyMs = 60_000
  /// Between two questions to a server that an earlier daemon started and that does not listen yet.
  var notYetMs = 100
  /// Without a byte of the stream: heartbeats come every 10 s, and a dead socket reports nothing (PR #47571).
  var silenceMs = 35_000
  /// Before a lost stream is opened again; it doubles from there.
  var firstDelayMs = 250
  var longestDelayMs = 10_000
  /// As many times in a row nobody listened where the server was: it is gone. That takes a second or two.
  var mostRefusals = 3
  /// While anything is busy, asks are looked up this often: some come with no event (#44747).
  var askPollMs = 10_000
  /// For the rest of the stream of a server that has ended: what it said last may be a turn's end.
  var drainMs = 1000
  /// Since the abort, without the session having become idle: then its commands are killed, then the server.
  var killCommandsMs = 10_000
  var recycleMs = 20_000
  /// Without a conversation; then 300 MB are given back.
  var idleMs = 300_000
  /// For a server to end after SIGTERM.
  var politeMs = 2000
  /// From the first request to end it to the last signal, and some more.
  var stopMs = 10_000
  /// After an answer to an ask has not arrived; it doubles from there.
  var againMs = 500
}
