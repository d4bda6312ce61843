package import ArrobaJSON
internal import ArrobaClient
internal import ArrobaSystem
internal import ArrobaTime

/// `arroba logs`: the process logs of all processes, joined by time.
extension Context {
  func logs(_ filter: LogFilter, follow: Bool) throws -> Int32 {
    guard !client.road.isRemote else {
      throw Misuse(
        "process logs are read on their own machine", hint: "ssh \(client.road.name) arroba logs")
    }
    var filter = filter
    if let name = filter.session { filter.session = try sessionID(of: name) }
    // Watched before the first look, so that no line falls between the two.
    var watch: DirectoryWatch?
    if follow {
      try Files.makeDirectory(places.logs)
      watch = try DirectoryWatch(places.logs)
    }
    var reader = ProcessLogReader(directory: places.logs)
    var page = LogPage(filter)
    reader.readNew(skipping: { page.isOlder($0.modifiedMs) }) { page.offer($0) }
    show(page)
    output.flush()
    guard let watch else { return ExitCode.done }
    while true {
      _ = watch.wait(timeoutMs: -1)
      var more = LogPage(filter)
      reader.readNew(skipping: { _ in false }) { more.offer($0) }
      show(more)
      output.flush()
    }
  }

  /// The id of a session, which is what logs know: of its reference where a daemon runs, else as it was written. A session
  /// that is gone is still found by its id.
  private func sessionID(of name: String) throws -> String {
    let isID = name.hasPrefix("s_")
    guard let connection = try isID ? nil : connectionIfRunning() else {
      guard isID else {
        throw Failure(
          "no daemon runs that knows a session '\(name)'", hint: "name it by its id, s_…, or start one",
          kind: "unreachable", exitCode: ExitCode.unreachable)
      }
      return name
    }
    return try connection.call("session.get", named(name), timeoutMs: nil)["id"]?.string ?? name
  }

  private func show(_ page: LogPage) {
    for record in page.records {
      if output.isJSON {
        output.raw(record.line + [UInt8(ascii: "\n")])
      } else {
        output.line(LogText.line(record.value, usesColour: output.usesColour))
      }
    }
  }
}

/// The last records that a filter lets through.
package struct LogPage {
  package struct Record {
    let timeMs: Int
    let line: [UInt8]
    let value: JSON
  }

  private let filter: LogFilter
  private let lowest: Int
  private var kept: [Record] = []
  /// The time of the oldest record, once as many are kept as are wanted.
  private var oldestMs: Int?

  package init(_ filter: LogFilter) {
    self.filter = filter
    lowest = filter.level.flatMap { LogFilter.levels.firstIndex(of: $0) } ?? 0
  }

  /// The records in the order of their times.
  package var records: ArraySlice<Record> { Self.sorted(kept).suffix(filter.limit) }

  /// Whether nothing written up to then can still be wanted.
  package func isOlder(_ timeMs: Int) -> Bool { oldestMs.map { timeMs < $0 } ?? false }

  package mutating func offer(_ line: [UInt8]) {
    // A line that is no record (a file that was cut) is nobody's.
    guard let value = try? JSONReader.read(line), let time = value["timestamp_ms"]?.int, isWanted(value)
    else { return }
    kept.append(Record(timeMs: time, line: line, value: value))
    guard kept.count >= 2 * filter.limit else { return }
    kept = Array(Self.sorted(kept).suffix(filter.limit))
    oldestMs = kept.first?.timeMs
  }

  /// Sorted by time; records of the same millisecond stay in the order in which they were read.
  private static func sorted(_ records: [Record]) -> [Record] {
    records.enumerated().sorted { ($0.element.timeMs, $0.offset) < ($1.element.timeMs, $1.offset) }.map(
      \.element)
  }

  private func isWanted(_ record: JSON) -> Bool {
    let level = LogFilter.levels.firstIndex(of: record["level"]?.string ?? "") ?? LogFilter.levels.count
    return level >= lowest && matches(record["process_kind"], filter.processKind)
      && matches(record["component"], filter.component)
      && (filter.session.map { record["session_id"]?.string?.hasPrefix($0) ?? false } ?? true)
  }

  private func matches(_ value: JSON?, _ wanted: String?) -> Bool {
    wanted.map { value?.string == $0 } ?? true
  }
}

/// One record of a process log as a line.
package enum LogText {
  private static let shownApart = [
    "timestamp_ms", "level", "process_kind", "pid", "component", "message", "log_path",
  ]

  package static func line(_ record: JSON, usesColour: Bool) -> String {
    let level = record["level"]?.string ?? "?"
    let style: Style? = level == "error" ? .red : level == "warn" ? .yellow : nil
    let process = "\(record["process_kind"]?.string ?? "?")[\(record["pid"]?.int ?? 0)]"
    let time = CivilTime.local(record["timestamp_ms"]?.int ?? 0)
    let padded = level + String(repeating: " ", count: max(0, 5 - level.count))
    var text = Table.lines(
      [
        [
          Cell(time, .faint), Cell(padded, style), Cell(process),
          Cell("\(record["component"]?.string ?? "?"):"),
        ]
      ],
      usesColour: usesColour
    ).joined()
    text += " \(Clean.line(record["message"]?.string ?? ""))"
    for member in record.object?.members ?? [] where !shownApart.contains(member.key) {
      text += " \(Clean.line(member.key))=\(Clean.line(member.value.string ?? member.value.encodedText))"
    }
    return text
  }
}
