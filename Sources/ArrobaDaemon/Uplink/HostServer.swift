internal import ArrobaJSON
internal import ArrobaRelayWire
internal import ArrobaSystem
internal import ArrobaTransport
internal import ArrobaWire

/// The sshd of OpenSSH that meets who comes by a relay: run by this user, with a host key and a configuration of its own.
/// It lets keys in, gives them the bridge to this daemon, and nothing else. Its calls block.
struct HostServer: Sendable {
  /// `STATE/relay`, for the user alone.
  let directory: String
  let socket: String
  let searchPath: String?

  private var hostKey: String { "\(directory)/host_key" }
  private var trustedKeys: String { "\(directory)/trusted_keys" }
  private var configuration: String { "\(directory)/sshd_config" }

  /// What brings a program that is missing, where people look for it.
  static let package = "the package openssh-server (apt install openssh-server, dnf install openssh-server)"

  /// Makes what is missing and writes the configuration; answers the public host key.
  func prepare() throws(WireError) -> SSHKey {
    guard SSHServer.program(searchPath: searchPath) != nil else {
      throw WireError(
        kind: .notSupported, message: "there is no sshd on this machine to meet those who come by a relay",
        hint: "install \(Self.package); its service need not run")
    }
    do throws(SystemError) {
      try Files.makeDirectory(directory)
      // Where only root may use it, sshd wants this directory; its package's service makes it as well.
      if ThisProcess.uid == 0 { try Files.makeDirectory("/run/sshd", mode: 0o755) }
      if Files.status(hostKey) == nil { try makeHostKey() }
      if Files.status(trustedKeys) == nil { try Files.replace(trustedKeys, with: []) }
      try Files.replace(configuration, with: Array(try text().utf8))
    } catch { throw WireError(kind: .storageFailed, message: "\(error)") }
    return try publicKey()
  }

  private func makeHostKey() throws(SystemError) {
    guard let program = Programs.find("ssh-keygen", searchPath: searchPath) else {
      throw SystemError("find", "ssh-keygen (the package openssh-client brings it)", code: 2)
    }
    let result = try Programs.run([program, "-q", "-t", "ed25519", "-N", "", "-C", "arroba", "-f", hostKey])
    guard result.code == 0 else { throw SystemError("make a host key with", program, code: 5) }
  }

  func publicKey() throws(WireError) -> SSHKey {
    let bytes = (try? Files.read("\(hostKey).pub", atMost: 4096)) ?? []  // said below
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first ?? ""
    guard let key = SSHKey(line: line) else {
      throw WireError(
        kind: .storageFailed, message: "there is no host key in \(hostKey).pub",
        hint: "remove \(hostKey) and join again; clients must be told the new fingerprint")
    }
    return key
  }

  // MARK: the configuration

  private func text() throws(SystemError) -> String {
    guard let bridge = Programs.find("arroba", searchPath: searchPath) else {
      throw SystemError("find", "arroba beside this daemon", code: 2)
    }
    var keys = [trustedKeys]
    if let account = Self.accountKeys(home: Account.home) { keys.append(account) }
    return Self.text(hostKey: hostKey, keys: keys, bridge: bridge, socket: socket)
  }

  /// The account's own authorized_keys, where nobody else can write them: what sshd calls strict modes. Ours are in the
  /// state directory, whose way may lead through one like /tmp, so that sshd's own check must be off.
  static func accountKeys(home: String?) -> String? {
    guard let home else { return nil }
    let path = "\(home)/.ssh/authorized_keys"
    let isOurs = [home, "\(home)/.ssh", path].allSatisfy { path in
      guard let status = Files.status(path) else { return false }
      return (status.owner == ThisProcess.uid || status.owner == 0) && status.permissions & 0o022 == 0
    }
    return isOurs ? path : nil
  }

  static func text(hostKey: String, keys: [String], bridge: String, socket: String) -> String {
    func quoted(_ path: String) -> String { "\"\(path.replacing("%", with: "%%"))\"" }
    func shell(_ word: String) -> String { "'\(word.replacing("'", with: "'\\''"))'" }
    return """
      # Written by arroba-daemon whenever it joins a relay (docs/RELAY.md): changes do not last.
      HostKey "\(hostKey)"
      AuthorizedKeysFile \(keys.map(quoted).joined(separator: " "))
      StrictModes no
      AuthenticationMethods publickey
      PubkeyAuthentication yes
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      PermitRootLogin prohibit-password
      UsePAM no
      DisableForwarding yes
      PermitTunnel no
      PermitTTY no
      PermitUserRC no
      PermitUserEnvironment no
      PrintMotd no
      PidFile none
      LogLevel INFO
      LoginGraceTime 30
      ClientAliveInterval 15
      ClientAliveCountMax 3
      ForceCommand exec \(shell(bridge)) --no-start --host \(shell("unix://\(socket)")) bridge

      """
  }

  /// The words that serve one connection.
  func words() -> [String]? {
    SSHServer.program(searchPath: searchPath).map { [$0, "-i", "-e", "-f", configuration] }
  }

  // MARK: who may come in

  private static let mostTrusted = 1000

  func trusted() throws(WireError) -> [SSHKey] {
    guard Files.status(trustedKeys) != nil else { return [] }
    do {
      let text = String(decoding: try Files.read(trustedKeys, atMost: 4 << 20), as: UTF8.self)
      return text.split(separator: "\n").compactMap { SSHKey(line: $0) }
    } catch { throw WireError(kind: .storageFailed, message: "\(error)") }
  }

  func trust(_ key: SSHKey) throws(WireError) {
    var keys = try trusted().filter { $0.blob != key.blob }
    guard keys.count < Self.mostTrusted else {
      throw WireError(
        kind: .overloaded, message: "\(Self.mostTrusted) keys are trusted already",
        hint: "arroba machine trust rm")
    }
    keys.append(key)
    try write(keys)
  }

  /// By its fingerprint; answers what was taken out.
  func distrust(_ fingerprint: String) throws(WireError) -> [SSHKey] {
    let keys = try trusted()
    let gone = keys.filter { $0.fingerprint == fingerprint }
    if !gone.isEmpty { try write(keys.filter { $0.fingerprint != fingerprint }) }
    return gone
  }

  private func write(_ keys: [SSHKey]) throws(WireError) {
    do {
      try Files.makeDirectory(directory)
      try Files.replace(trustedKeys, with: Array(keys.map { "\($0.line)\n" }.joined().utf8))
    } catch { throw WireError(kind: .storageFailed, message: "\(error)") }
  }
}
