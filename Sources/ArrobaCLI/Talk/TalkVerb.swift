internal import ArrobaClient

extension Context {
  func talk(_ target: Target) throws -> Int32 {
    throw Misuse("talk is not there yet")
  }
}
