package import ArrobaClient
package import ArrobaJSON
package import ArrobaSystem

/// What every verb works with: the words' general options, the surroundings, a way to the daemon and one to the user.
package final class Context {
  package let environment: [String: String]
  package let output: Output
  package let client: Client
  package let places: Places
  /// Where the user is, or means to be; references without an id mean sessions of this workspace.
  package let workspace: String
  /// Whether names of sessions count within the workspace: where one stands here says little about another machine.
  private let isWorkspaceMeant: Bool
  /// Where the user sits; tests sit elsewhere.
  package let seat: Seat

  package init(globals: GlobalOptions, environment: [String: String], output: Output, seat: Seat = .standard)
    throws(Misuse)
  {
    self.environment = environment
    self.output = output
    self.seat = seat
    places = Places(environment: environment)
    let endpoint = try Self.endpoint(globals, environment, places)
    let road = Road(endpoint: endpoint, places: places, environment: environment)
    client = Client(road: road)
    isWorkspaceMeant = globals.workspace != nil || !road.isRemote
    workspace = Workspace.path(
      named: globals.workspace, directory: Files.currentDirectory, home: environment["HOME"],
      isRemote: road.isRemote)
  }

  private static func endpoint(
    _ globals: GlobalOptions, _ environment: [String: String], _ places: Places
  ) throws(Misuse) -> Endpoint {
    let named = Environment.variable("ARROBA_HOST", in: environment)
    guard let host = globals.host ?? named else {
      return .socket(path: places.socket, mayStart: !globals.hasNoStart)
    }
    let desk = RelayDesk(state: places.state, environment: environment)
    do {
      return try Endpoint.named(host) { machine in
        desk.way(to: machine, program: ThisProcess.executable ?? "arroba")
      }
    } catch {
      switch error {
      case .unknownMachine(let name):
        throw Misuse("no machine '\(name)' is known", hint: "arroba machine ls; arroba machine add NAME")
      case .malformed(let reason): throw Misuse(reason)
      }
    }
  }

  /// Whether this process runs in an agent's terminal of the daemon that it talks to.
  package var isInsideAgent: Bool {
    guard !(environment["ARROBA_SESSION"] ?? "").isEmpty, let socket = environment["ARROBA_SOCKET"] else {
      return false
    }
    return socket == client.road.locator?.path
  }

  /// The parameters that name a session. What the user left out is the session around us, else the newest here.
  package func session(_ target: Target) -> JSON {
    named(target.session ?? (isInsideAgent ? environment["ARROBA_SESSION"] : nil))
  }

  /// The parameters that name a session by a reference, or by the workspace alone.
  package func named(_ reference: String?) -> JSON {
    let workspace = isWorkspaceMeant || reference == nil ? workspace : nil
    return .record(["session": .text(reference), "workspace": .text(workspace)])
  }

  /// The parameters that name an agent; left out: the one around us, else the focused one.
  package func reference(_ target: Target) -> JSON {
    var members = session(target).object ?? JSONObject()
    let around = isInsideAgent && target.session == nil ? environment["ARROBA_AGENT"] : nil
    members["agent"] = .text(target.agent ?? around)
    return .object(members)
  }

  package func adding(_ members: KeyValuePairs<String, JSON?>, to params: JSON) -> JSON {
    var object = params.object ?? JSONObject()
    for (key, value) in members {
      if let value { object[key] = value }
    }
    return .object(object)
  }

  package var text: SessionText {
    SessionText(nowMs: Clock.wallMs(), home: environment["HOME"])
  }
}
