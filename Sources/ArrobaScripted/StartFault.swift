/// How a server does not start as it should, by the variable ARROBA_SCRIPTED_FAULT.
enum StartFault: Equatable {
  case none
  /// It takes so long until it is ready.
  case slow(ms: Int)
  /// It runs, and never says where it listens.
  case never
  /// It says something and ends.
  case exit(Int32)
  /// It tells another version.
  case version(String)
  /// It answers everything with a web page, as a server of another generation does; `GET /api/info` tells that version.
  case html(info: String?)
  /// Its ready line is that of another generation.
  case generation
  /// It says that it is ready, and nobody listens.
  case deaf

  /// Nil for what is none.
  init?(_ text: String) {
    let words = text.split(separator: " ")
    let argument = words.count > 1 ? String(words[1]) : ""
    switch words.first {
    case nil: self = .none
    case "slow": self = .slow(ms: Int(argument) ?? 3000)
    case "never": self = .never
    case "exit": self = .exit(Int32(argument) ?? 3)
    case "version": self = .version(argument.isEmpty ? "1.17.0" : argument)
    case "html": self = .html(info: argument.isEmpty ? nil : argument)
    case "generation": self = .generation
    case "deaf": self = .deaf
    default: return nil
    }
  }
}
