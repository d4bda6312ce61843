import ArrobaSystem

/// The programs that were built together with the tests.
package enum SupervisorBinary {
  package static var path: String { built("arroba-supervisor") }
  package static var stub: String { built("supervised-stub") }

  /// They lie beside the test bundle, which this process has loaded, wherever the build directory is.
  private static func built(_ name: String) -> String {
    let maps = (try? Files.read("/proc/self/maps", atMost: 4 << 20)) ?? []  // the path below fails loudly
    let bundle = maps.split(separator: 10).lazy.map { String(decoding: $0, as: UTF8.self) }
      .first { $0.hasSuffix(".xctest") }
    guard let bundle, let slash = bundle.firstIndex(of: "/") else { return "/no-test-bundle/\(name)" }
    return "\(Files.parent(of: String(bundle[slash...])) ?? "")/\(name)"
  }
}
