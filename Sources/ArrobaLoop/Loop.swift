internal import CPty
internal import Glibc
internal import Synchronization

/// One epoll thread that is also a serial executor: descriptors, timers and the jobs of `LoopActor` take turns on it.
///
/// Level-triggered. In each round what people wait for goes first: sockets before terminals, so that a terminal that
/// floods cannot hold up a key press. Other threads reach it by `post`, or by awaiting something on `LoopActor`.
///
/// It is also what the daemon's tasks prefer (`task`): one that waits for a continuation goes on here at once. Without
/// that it is sent to the shared pool first and by that to the loop: two thread switches more, and tasks that were
/// resumed in order go on in another (measured: 9 of 500). Queues of continuations rely on the order.
package final class Loop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // @unchecked: `table` and `timers` are touched on the loop thread only, checked by LoopActor; the rest is locked.
  package static let shared = Loop()

  private let poll: Int32
  private let wake: Int32
  private let queue = Mutex<[UnownedJob]>([])
  private let thread = Atomic<UInt>(0)
  private var running: [UnownedJob] = []
  private var table = WatchTable()
  private var timers = TimerHeap()
  private var spare = SpareWork()

  private init() {
    poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wake = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    precondition(poll >= 0 && wake >= 0, "no descriptors for the loop: errno \(errno)")
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.u64 = UInt64.max
    epoll_ctl(poll, EPOLL_CTL_ADD, wake, &event)
    LoopThread.start { [self] in
      thread.store(UInt(pthread_self()), ordering: .relaxed)
      LoopActor.assumeIsolated { self.run() }
    }
  }

  // MARK: the executor

  private var isOnLoop: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let isFirst = queue.withLock { jobs in
      jobs.append(job)
      return jobs.count == 1
    }
    guard isFirst && !isOnLoop else { return }
    var one: UInt64 = 1
    _ = write(wake, &one, 8)
  }

  package func isIsolatingCurrentContext() -> Bool? { isOnLoop }
  package func checkIsolated() { precondition(isOnLoop, "this must run on the loop") }

  // MARK: the rounds

  @LoopActor private func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 128)
    while true {
      drainJobs()
      for timer in timers.takeDue(now: LoopClock.nowMs()) { timer.fire() }
      let isBusy = !spare.isEmpty || queue.withLock { !$0.isEmpty }
      let wait = isBusy ? 0 : timers.waitMs(now: LoopClock.nowMs())
      let count = epoll_wait(poll, &events, Int32(events.count), Int32(clamping: wait))
      if count > 0 { dispatch(events[..<Int(count)]) }
      if !spare.isEmpty { spare.take(isIdle: count == 0, nowMs: LoopClock.nowMs())?() }
    }
  }

  @LoopActor private func drainJobs() {
    // One batch: jobs that these enqueue wait for the descriptors' turn.
    queue.withLock { swap(&$0, &running) }
    for job in running {
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
    running.removeAll(keepingCapacity: true)
  }

  @LoopActor private func dispatch(_ events: ArraySlice<epoll_event>) {
    for urgency in Watch.Urgency.inOrder {
      for event in events {
        let key = event.data.u64
        if key == UInt64.max {
          var count: UInt64 = 0
          _ = read(wake, &count, 8)
          continue
        }
        guard let watch = table.watch(for: key), watch.urgency == urgency else { continue }
        watch.handler(Watch.Readiness(rawValue: event.events))
      }
    }
  }

  // MARK: watches and timers

  @LoopActor package func watch(
    _ descriptor: Int32, for interest: Watch.Readiness, urgency: Watch.Urgency,
    handler: @escaping @LoopActor (Watch.Readiness) -> Void
  ) -> Watch {
    let watch = Watch(descriptor: descriptor, interest: interest, urgency: urgency, handler: handler)
    watch.key = table.insert(watch)
    control(EPOLL_CTL_ADD, watch)
    return watch
  }

  @LoopActor func change(_ watch: Watch) { control(EPOLL_CTL_MOD, watch) }

  @LoopActor func remove(_ watch: Watch) {
    control(EPOLL_CTL_DEL, watch)
    table.remove(watch.key)
  }

  @LoopActor private func control(_ operation: Int32, _ watch: Watch) {
    var event = epoll_event()
    event.events = watch.interest.rawValue
    event.data.u64 = watch.key
    let result = epoll_ctl(poll, operation, watch.descriptor, &event)
    assert(
      result == 0 || operation == EPOLL_CTL_DEL, "epoll_ctl \(operation) \(watch.descriptor): errno \(errno)")
  }

  /// Calls `body` once, `delayMs` from now, unless the timer is cancelled before.
  @LoopActor @discardableResult
  package func after(_ delayMs: Int, _ body: @escaping @LoopActor () -> Void) -> LoopTimer {
    let timer = LoopTimer(dueMs: LoopClock.nowMs() + max(0, delayMs), body: body)
    timers.insert(timer)
    return timer
  }

  /// Calls `body` once, when nobody waits for anything: after a round without events, or within some milliseconds where
  /// there is none. It should be short, and come again for more.
  @LoopActor package func whenSpare(_ body: @escaping @LoopActor () -> Void) {
    spare.add(body, nowMs: LoopClock.nowMs())
  }

  /// Runs `body` on the loop soon, after what was posted before. From any thread.
  package func post(_ body: @escaping @LoopActor @Sendable () -> Void) {
    task { body() }
  }

  /// Starts a task that runs on the loop and stays there, whatever it waits for. From any thread; tasks begin in the
  /// order of the calls, and those that wait go on in the order in which they are resumed.
  ///
  /// A task that was made otherwise may lose its turn at every call of an async function, also within `LoopActor`
  /// (each job runs as one that prefers the loop, and the runtime enqueues a task anew whose preference is another).
  /// What must not be separated from a wait therefore stands in the closure that gets the continuation.
  package func task(_ body: @escaping @LoopActor @Sendable () async -> Void) {
    Task(executorPreference: self, operation: body)
  }
}

/// Where the loop's thread is made, in a file-level function without isolation.
enum LoopThread {
  private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  static func start(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let boxed = Body {
      _ = arroba_name_thread("arroba-loop")
      // Beside a flood the loop is always busy, and a key press would wait for its long turns to come round.
      _ = arroba_take_short_turns(200_000)
      body()
    }
    let argument = Unmanaged.passRetained(boxed).toOpaque()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, argument)
    precondition(result == 0, "the loop's thread cannot be started: error \(result)")
    pthread_detach(thread)
  }
}

/// The clock of the loop's timers.
package enum LoopClock {
  /// Milliseconds of the monotonic clock.
  package static func nowMs() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}
