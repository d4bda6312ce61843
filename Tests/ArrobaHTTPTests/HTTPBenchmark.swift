import ArrobaHTTP
import ArrobaLoop
import ArrobaSystem
import ArrobaTestSupport
import Glibc
import Synchronization
import Testing

/// Figures, not judgements: what ten event streams cost. Runs only with ARROBA_BENCH=http; scripts/bench/http shows them.
@Suite(.enabled(if: Environment.all["ARROBA_BENCH"] == "http"), .serialized) @LoopActor struct HTTPBenchmark {
  private static let streams = 10
  private static let windowMs = 10_000

  private func pause(_ ms: Int) async {
    await withCheckedContinuation { continuation in Loop.shared.after(ms) { continuation.resume() } }
  }

  private nonisolated static func cpuMs() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func ms(_ time: timeval) -> Double { Double(time.tv_sec) * 1000 + Double(time.tv_usec) / 1000 }
    return ms(usage.ru_utime) + ms(usage.ru_stime)
  }

  /// Percent of a core over the window.
  private func cost(_ work: () async -> Void) async -> Double {
    let before = Self.cpuMs()
    let start = Clock.monotonicMs()
    await work()
    return (Self.cpuMs() - before) / Double(Clock.monotonicMs() - start) * 100
  }

  @LoopActor private final class Streams {
    var clients: [HTTPClient] = []
    var latencies: [Int] = []
    var opened = 0
    var events = 0
  }

  private func open(_ server: LocalServer) async -> Streams {
    let streams = Streams()
    for _ in 0..<Self.streams {
      let client = HTTPClient(base: server.base, authorization: nil)
      streams.clients.append(client)
      _ = client.openStream("/stream", prime: "/prime") { bytes in
        Int(String(decoding: bytes, as: UTF8.self))
      } hear: { (news: EventStreamNews<Int>) in
        switch news {
        case .opened: streams.opened += 1
        case .came(let sent, _):
          streams.events += sent.count
          let now = HTTPBenchmark.nowUs()
          streams.latencies += sent.map { now - $0 }
        case .ended(let failure): Issue.record("a stream ended: \(String(describing: failure))")
        }
      }
    }
    while streams.opened < Self.streams { await pause(5) }
    return streams
  }

  nonisolated static func nowUs() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }

  private final class Feeds: Sendable {
    let connections = Mutex<[LocalServer.Connection]>([])
    let isOn = Atomic(false)

    func start(everyMs: Int) {
      isOn.store(true, ordering: .relaxed)
      Threads.start("feeder") { [self] in
        var next = timespec()
        clock_gettime(CLOCK_MONOTONIC, &next)
        while isOn.load(ordering: .relaxed) {
          for connection in connections.withLock({ $0 }) { connection.event("\(HTTPBenchmark.nowUs())") }
          next.tv_nsec += everyMs * 1_000_000
          if next.tv_nsec >= 1_000_000_000 { next.tv_sec += 1; next.tv_nsec -= 1_000_000_000 }
          clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nil)
        }
      }
    }
  }

  private func server(_ feeds: Feeds, keepsAlive: Bool) throws -> LocalServer {
    try LocalServer { request, connection in
      if request.path == "/stream" {
        connection.beginStream()
        feeds.connections.withLock { $0.append(connection) }
      } else if keepsAlive {
        connection.json("{}")
      } else {
        connection.send("HTTP/1.1 200 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        connection.cut()
      }
    }
  }

  @Test("Ten idle streams, ten that get an event each 10 ms, a burst; and what fresh connections cost")
  func measure() async throws {
    var lines: [String] = []
    for keepsAlive in [true, false] {
      let feeds = Feeds()
      let server = try server(feeds, keepsAlive: keepsAlive)
      let streams = await open(server)
      await pause(1000)
      let idle = await cost { await pause(Self.windowMs) }
      lines.append("\(keepsAlive ? "primed" : "fresh") idle_cpu_percent \(idle)")
      if keepsAlive {
        feeds.start(everyMs: 10)
        streams.latencies = []
        let busy = await cost { await pause(Self.windowMs) }
        feeds.isOn.store(false, ordering: .relaxed)
        await pause(100)
        let sorted = streams.latencies.sorted()
        lines.append("primed events_cpu_percent \(busy)")
        lines.append(
          "primed latency_us p50 \(sorted[sorted.count / 2]) p99 \(sorted[sorted.count * 99 / 100]) of \(sorted.count)"
        )
      }
      for client in streams.clients { client.close() }
    }
    let status = try Files.read("/proc/self/status", atMost: 8192)
    lines += String(decoding: status, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("VmRSS") }
      .map(String.init)
    let text = lines.joined(separator: "\n") + "\n"
    try Files.replace(try #require(Environment.all["ARROBA_BENCH_OUT"]), with: Array(text.utf8))
  }
}
