internal import ArrobaJSON
internal import ArrobaSystem

/// What outlives the server: a file of JSON lines, each the newest state of one thing. Read once, at the start, and then
/// written anew without what was superseded.
///
/// It writes where it stands, without a thread of its own: this server serves nobody who could not wait for a disk.
struct Journal {
  /// The file, and where its next line goes; nil where nothing is kept.
  private var file: (AppendFile, end: Int)?

  /// Reads what an earlier server left; a last line that was cut short is left out.
  init(directory: String?, replay: (JSON) -> Void) throws(SystemError) {
    guard let directory else { return }
    try Files.makeDirectory(directory)
    let path = "\(directory)/journal.ndjson"
    let bytes = Files.status(path) == nil ? [] : try Files.read(path, atMost: 1 << 30)
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      if let json = try? JSONReader.read(line) { replay(json) }  // cut short by a crash
    }
    file = (try AppendFile.create("\(path).next"), 0)
    self.path = path
  }

  private var path = ""

  /// After all that is to be kept was written: from now on the new file counts.
  mutating func begin() throws(SystemError) {
    guard let (written, end) = file else { return }
    file = (try written.moved(to: path), end)
  }

  mutating func write(_ json: JSON) {
    guard let (file, end) = file else { return }
    let line = json.encoded + [UInt8(ascii: "\n")]
    let result = line.withUnsafeBytes { bytes in
      Result { () throws(SystemError) in try file.write(bytes, at: end) }
    }
    switch result {
    case .success: self.file = (file, end + line.count)
    case .failure(let error):
      // It goes on from memory, as long as it lives.
      Console.error("arroba-scripted: \(error)")
      self.file = nil
    }
  }
}
