package import ArrobaJSON

/// What can run agents, as a table.
package enum ProviderText {
  package static func rows(_ providers: [JSON]) -> [[Cell]] {
    [["NAME", "STATE", "VERSION", "PROGRAM"].map { Cell($0, .bold) }]
      + providers.map { provider in
        let isThere = provider["available"]?.bool ?? false
        return [
          Cell(provider["name"]?.string ?? "?"),
          Cell(isThere ? "available" : "not here", isThere ? .green : .yellow),
          Cell(provider["version"]?.string ?? (isThere ? "" : "-")),
          Cell((isThere ? provider["executable"]?.string : provider["reason"]?.string) ?? ""),
        ]
      }
  }
}
