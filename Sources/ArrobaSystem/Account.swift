internal import CPty
internal import Glibc

/// The account and the machine that this process runs as and on.
package enum Account {
  /// The account's name, as logins know it; its number where it has none.
  package static var name: String { entry(of: getuid())?.name ?? "\(getuid())" }
  /// Its home as logins see it, whatever HOME says.
  package static var home: String? { home(of: getuid()) }

  static func home(of uid: UInt32) -> String? { entry(of: uid)?.home }

  private static func entry(of uid: UInt32) -> (name: String, home: String)? {
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var room = [CChar](repeating: 0, count: 4096)
    guard getpwuid_r(uid, &entry, &room, room.count, &found) == 0, found != nil,
      let name = entry.pw_name, let home = entry.pw_dir
    else { return nil }
    return (String(cString: name), String(cString: home))
  }

  /// The machine's name, up to its first dot.
  package static var hostName: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { room in
      guard let base = room.baseAddress, gethostname(base, 255) == 0 else { return "machine" }
      base[255] = 0
      return String(String(cString: base).prefix { $0 != "." })
    }
  }

  /// "Linux 6.1.0 x86_64".
  package static var system: String {
    var names = utsname()
    guard uname(&names) == 0 else { return "unknown" }
    func text(_ field: some Any) -> String {
      withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
    return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
  }
}
