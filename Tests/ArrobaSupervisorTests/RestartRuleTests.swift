import Testing

import ArrobaSupervisor

@Suite struct RestartRuleTests {
  @Test("A daemon that keeps failing is started after ever longer pauses, and then no more")
  func loop() {
    var rule = RestartRule(firstDelayMs: 100)
    var now = 0
    var pauses: [Int] = []
    while case .startAfter(let ms) = rule.afterDeath(livedMs: 10, wasKilled: false, nowMs: now) {
      pauses.append(ms)
      now += ms + 10
    }
    #expect(pauses == [100, 200, 400, 800, 1600, 3200, 5000])
  }

  @Test("Deaths that lie more than a minute apart from the eighth are forgotten")
  func slowLoop() {
    var rule = RestartRule(firstDelayMs: 100)
    for attempt in 0..<100 {
      let verdict = rule.afterDeath(livedMs: 9_000, wasKilled: false, nowMs: attempt * 9_000)
      #expect(verdict != .giveUp)
    }
  }

  @Test("A daemon that lived for long is started again at once, and the pauses begin anew")
  func longLife() {
    var rule = RestartRule(firstDelayMs: 100)
    _ = rule.afterDeath(livedMs: 1, wasKilled: false, nowMs: 0)
    _ = rule.afterDeath(livedMs: 1, wasKilled: false, nowMs: 1)
    #expect(rule.afterDeath(livedMs: 10_000, wasKilled: false, nowMs: 2) == .startAfter(ms: 0))
    #expect(rule.afterDeath(livedMs: 1, wasKilled: false, nowMs: 3) == .startAfter(ms: 100))
  }

  @Test("A daemon that somebody kills now and then is started again, however often")
  func killed() {
    var rule = RestartRule(firstDelayMs: 100)
    for attempt in 0..<100 {
      let verdict = rule.afterDeath(livedMs: 4_999, wasKilled: true, nowMs: attempt * 4_999)
      #expect(verdict == .startAfter(ms: 100))
    }
    for attempt in 0..<100 {
      let now = 1_000_000 + attempt
      #expect(rule.afterDeath(livedMs: 5_000, wasKilled: true, nowMs: now) == .startAfter(ms: 100))
    }
  }

  @Test(
    "A daemon that is killed as soon as it lives, as for want of memory, is given ever longer pauses, then none"
  )
  func killedInALoop() {
    var rule = RestartRule(firstDelayMs: 100)
    var now = 0
    var pauses: [Int] = []
    while case .startAfter(let ms) = rule.afterDeath(livedMs: 10, wasKilled: true, nowMs: now) {
      pauses.append(ms)
      now += ms + 10
    }
    #expect(pauses == Array(repeating: 100, count: 24) + [200, 400, 800, 1600, 3200, 5000, 5000])
    rule.startAfresh()
    #expect(rule.afterDeath(livedMs: 10, wasKilled: true, nowMs: now) == .startAfter(ms: 100))
  }

  @Test("Who asks for another attempt gets all of them")
  func afresh() {
    var rule = RestartRule(firstDelayMs: 100)
    for _ in 0..<RestartRule.mostDeaths { _ = rule.afterDeath(livedMs: 1, wasKilled: false, nowMs: 0) }
    #expect(rule.afterDeath(livedMs: 1, wasKilled: false, nowMs: 0) == .giveUp)
    rule.startAfresh()
    #expect(rule.afterDeath(livedMs: 1, wasKilled: false, nowMs: 0) == .startAfter(ms: 100))
  }
}

@Suite struct OptionsTests {
  @Test("The supervisor's arguments are read, and the daemon's are left alone")
  func all() throws {
    let options = try Options([
      "--lock-fd", "7", "--state", "/s", "--ready-fd", "9", "--daemon", "/d", "--", "--lock-fd", "x", "--",
    ])
    #expect(options.lock == 7 && options.ready == 9 && options.state == "/s" && options.daemon == "/d")
    #expect(options.daemonArguments == ["--lock-fd", "x", "--"])
    #expect(options.firstDelayMs == 100)
  }

  @Test(
    "What cannot be understood is misuse",
    arguments: [
      [], ["--lock-fd"], ["--lock-fd", "x"], ["--what", "1"], ["--lock-fd", "-1"],
      ["--lock-fd", "3", "--state", "/s"],
    ])
  func misuse(arguments: [String]) {
    #expect(throws: Options.Misuse.self) { try Options(arguments) }
  }
}
