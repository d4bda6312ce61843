internal import ArrobaClient
internal import ArrobaJSON

/// Verbs about what runs agents.
extension Context {
  func providers() throws -> Int32 {
    let result = try client.ask("provider.list", [:])
    let providers = result["providers"]?.array ?? []
    if output.isJSON {
      output.json(result)
    } else if output.isQuiet {
      for provider in providers where provider["available"]?.bool == true {
        output.line(Clean.line(provider["name"]?.string ?? "?"))
      }
    } else {
      output.lines(ProviderText.rows(providers))
    }
    return ExitCode.done
  }
}
