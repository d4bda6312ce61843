internal import ArrobaProvider
internal import ArrobaSupervision
internal import ArrobaSystem

extension ChildBirth {
  /// The request for it; refused where a text cannot be handed to a program.
  func request() throws(BirthFailure) -> SupervisorRequest {
    for text in [path, directory] + arguments + environment where text.utf8.contains(0) {
      throw BirthFailure("cannot start \(path): an argument or variable contains a zero byte")
    }
    return .spawn(self)
  }
}

extension BirthFailure {
  static let noSupervisor = BirthFailure("the supervisor is gone; no program can be started")

  init(_ stage: BirthStage, _ code: Int32, of birth: ChildBirth) {
    let reason = SystemError.words(for: code)
    switch stage {
    case .fork: self.init("cannot make a process for \(birth.path): \(reason)")
    case .directory: self.init("cannot enter the directory \(birth.directory): \(reason)")
    case .program: self.init("cannot start \(birth.path): \(reason)")
    case .tooSlow:
      self.init("cannot start \(birth.path) in \(birth.directory): the file system did not answer in time")
    }
  }
}

extension ExitStatus {
  init(_ end: ChildEnd) {
    switch end {
    case .code(let code): self = .code(Int(code))
    case .signal(let number): self = .signal(Int(number))
    }
  }
}
