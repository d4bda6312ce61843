import ArrobaSystem
import Testing

@Suite struct PlacesTests {
  private func places(_ environment: [String: String]) -> Places {
    Places(environment: environment, uid: 1000, home: "/home/u")
  }

  @Test(
    "The socket is ARROBA_SOCKET, else in XDG_RUNTIME_DIR, else in a directory of the user's in /tmp",
    arguments: [
      ([:], "/tmp/arroba-1000/daemon.sock", false),
      (["XDG_RUNTIME_DIR": "/run/user/1000"], "/run/user/1000/arroba/daemon.sock", false),
      (["XDG_RUNTIME_DIR": "run"], "/tmp/arroba-1000/daemon.sock", false),
      (["XDG_RUNTIME_DIR": ""], "/tmp/arroba-1000/daemon.sock", false),
      (["ARROBA_SOCKET": "/s/x.sock", "XDG_RUNTIME_DIR": "/run/user/1000"], "/s/x.sock", true),
      (["ARROBA_SOCKET": "x.sock"], "x.sock", true),
      (["ARROBA_SOCKET": ""], "/tmp/arroba-1000/daemon.sock", false),
    ] as [([String: String], String, Bool)])
  func socket(environment: [String: String], path: String, isNamed: Bool) {
    #expect(places(environment).socket == path)
    #expect(places(environment).isSocketNamed == isNamed)
  }

  @Test(
    "State and logs are named, else in XDG_STATE_HOME, else in ~/.local/state",
    arguments: [
      ([:], "/home/u/.local/state/arroba", "/home/u/.local/state/arroba/logs"),
      (["XDG_STATE_HOME": "/x"], "/x/arroba", "/x/arroba/logs"),
      (["XDG_STATE_HOME": "x/y"], "/home/u/.local/state/arroba", "/home/u/.local/state/arroba/logs"),
      (["XDG_STATE_HOME": ""], "/home/u/.local/state/arroba", "/home/u/.local/state/arroba/logs"),
      (["ARROBA_STATE_DIR": "/s", "XDG_STATE_HOME": "/x"], "/s", "/x/arroba/logs"),
      (["ARROBA_LOG_DIR": "/l", "XDG_STATE_HOME": "/x"], "/x/arroba", "/l"),
      (
        ["ARROBA_LOG_DIR": "", "ARROBA_STATE_DIR": ""], "/home/u/.local/state/arroba",
        "/home/u/.local/state/arroba/logs"
      ),
    ] as [([String: String], String, String)])
  func stateAndLogs(environment: [String: String], state: String, logs: String) {
    #expect(places(environment).state == state)
    #expect(places(environment).logs == logs)
  }

  @Test(
    "The configuration is named, else in XDG_CONFIG_HOME, else in ~/.config",
    arguments: [
      ([:], "/home/u/.config/arroba/config.json"), (["XDG_CONFIG_HOME": "/c"], "/c/arroba/config.json"),
      (["XDG_CONFIG_HOME": "./c"], "/home/u/.config/arroba/config.json"),
      (["ARROBA_CONFIG": "/c.json", "XDG_CONFIG_HOME": "/c"], "/c.json"),
    ] as [([String: String], String)])
  func config(environment: [String: String], path: String) {
    #expect(places(environment).config == path)
  }

  @Test("The home is HOME; without it the account's; with neither nothing is put into a root directory")
  func homes() {
    #expect(Places(environment: ["HOME": "/h"], uid: 1000).state == "/h/.local/state/arroba")
    let nobody = Places(environment: [:], uid: 4_294_967_000)
    #expect(nobody.state == "/tmp/arroba-4294967000/state")
    #expect(nobody.config == "/tmp/arroba-4294967000/config.json")
    #expect(nobody.logs == "./.arroba/logs")
  }
}
