/// What was found when a log was opened, and what was done about it.
package struct LogRecovery: Sendable, Equatable {
  /// A place where records should be and are not, or cannot be read. Nothing is deleted there.
  package struct Hole: Sendable, Equatable, CustomStringConvertible {
    /// The segment with the unreadable bytes, or the one after a missing one.
    package let path: String
    package let offset: Int
    /// How many bytes cannot be read; 0 where they are missing altogether.
    package let bytes: Int
    /// The sequence numbers that are lost; empty where only other bytes stand between the records.
    package let missing: Range<UInt64>

    package var description: String {
      let place =
        bytes > 0 ? "\(bytes) bytes at \(offset) of \(path) cannot be read" : "nothing before \(path)"
      guard let last = missing.last else { return "\(place); no event is missing" }
      return "\(place); events \(missing.lowerBound) to \(last) are missing"
    }
  }

  /// The damaged end of the newest segment, copied to a file of its own before it was cut off.
  package struct SetAside: Sendable, Equatable, CustomStringConvertible {
    package let segment: String
    package let file: String
    package let bytes: Int

    package var description: String {
      "\(bytes) unreadable bytes at the end of \(segment) were moved to \(file)"
    }
  }

  /// How many records were given to the caller.
  package internal(set) var records: UInt64 = 0
  package internal(set) var holes: [Hole] = []
  package internal(set) var setAside: SetAside?
  /// Records left over from a write that failed and was answered so; a later segment has their numbers.
  package internal(set) var superseded = 0
  /// Whether the log got its id just now: it is new, or no header could be read.
  package internal(set) var hasNewID = false

  init() {}
}
