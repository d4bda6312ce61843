package import ArrobaSystem

/// Why the log could not do what was asked.
package enum LogError: Error, Sendable, Equatable {
  /// Written by a newer program. Nothing was touched.
  case newerFormat(found: Int, known: Int, path: String)
  /// The disk or the system refused. What was being appended is not in the log.
  case storage(SystemError)
  /// The bytes at that place are not what was written.
  case damaged(path: String, reason: String)
  /// The caller could not take in a record while the log was opened.
  case refused(seq: UInt64, path: String, reason: String)
  /// Too much waits to be written; try again soon.
  case overloaded(queuedBytes: Int)
  /// What was asked for is no longer kept.
  case compacted(oldest: UInt64)
  case closed

  /// Whether the same call may succeed in a moment.
  package var isTransient: Bool {
    switch self {
    case .overloaded: true
    case .newerFormat, .storage, .damaged, .refused, .compacted, .closed: false
    }
  }
}

extension LogError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .newerFormat(let found, let known, let path):
      "the log at \(path) has format \(found), this program knows formats up to \(known); "
        + "nothing was touched; start the newer program, or move the log away"
    case .storage(let error):
      error.isStorageFull
        ? "\(error.description); make room on the disk and try again" : error.description
    case .damaged(let path, let reason): "cannot read \(path): \(reason)"
    case .refused(let seq, let path, let reason):
      "cannot take in event \(seq) of \(path): \(reason)"
    case .overloaded(let queuedBytes):
      "the log has \(queuedBytes) bytes waiting for the disk; try again in a moment"
    case .compacted(let oldest): "events before \(oldest) are no longer kept; start from there"
    case .closed: "the log is closed"
    }
  }
}

extension LogError {
  /// Whether making room is what helps.
  package var isStorageFull: Bool {
    if case .storage(let error) = self { return error.isStorageFull }
    return false
  }
}
