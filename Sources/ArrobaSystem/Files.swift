internal import CPty
internal import Glibc

/// Plain blocking file work, for start-up, tools and the file threads. Never called on the loop.
package enum Files {
  /// `action`: what a failure says could not be done.
  package static func open(
    _ path: String, _ flags: Int32, mode: UInt32 = 0o600, to action: String = "open"
  ) throws(SystemError) -> Descriptor {
    let number = retryingInterrupted { Glibc.open(path, flags | O_CLOEXEC, mode) }
    guard number >= 0 else { throw .last(action, path) }
    return Descriptor(owning: number)
  }

  package static func openForReading(_ path: String) throws(SystemError) -> Descriptor {
    try open(path, O_RDONLY)
  }

  /// The first `limit` bytes of a file.
  package static func read(_ path: String, atMost limit: Int) throws(SystemError) -> [UInt8] {
    let file = try openForReading(path)
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: min(limit, 64 << 10))
    while bytes.count < limit {
      switch block.withUnsafeMutableBytes({ file.read(into: $0) }) {
      case .moved(let count): bytes.append(contentsOf: block[..<min(count, limit - bytes.count)])
      case .ended: return bytes
      case .wouldBlock: throw SystemError("read", path, code: EAGAIN)
      case .failed(let code): throw SystemError("read", path, code: code)
      }
    }
    return bytes
  }

  /// Puts a file in place whole or not at all: written beside it, flushed, renamed.
  package static func replace(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o600) throws(SystemError) {
    let beside = "\(path).new"
    let file = try open(beside, O_WRONLY | O_CREAT | O_TRUNC, mode: mode)
    try file.writeAll(bytes)
    guard fdatasync(file.raw) == 0 else { throw .last("flush", beside) }
    guard rename(beside, path) == 0 else { throw .last("rename", beside) }
  }

  /// Adds to the end of a file in one write, so that what others add at once stands before or behind it. A new file is
  /// for the user alone.
  package static func append(_ path: String, _ bytes: [UInt8]) throws(SystemError) {
    let file = try open(path, O_WRONLY | O_CREAT | O_APPEND)
    try file.writeAll(bytes)
  }

  /// Makes a directory and those above it that are missing; new ones belong to the user alone.
  package static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(SystemError) {
    guard mkdir(path, mode) != 0 else { return }
    switch errno {
    case EEXIST: return
    case ENOENT:
      guard let parent = parent(of: path), parent != path else { throw .last("make the directory", path) }
      try makeDirectory(parent, mode: mode)
      guard mkdir(path, mode) == 0 || errno == EEXIST else { throw .last("make the directory", path) }
    default: throw .last("make the directory", path)
    }
  }

  /// The path above this one; nil for one without a slash.
  package static func parent(of path: String) -> String? {
    guard let slash = path.lastIndex(of: "/") else { return nil }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  package static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// What is in a directory, sorted by name, without "." and "..".
  package static func list(_ path: String) throws(SystemError) -> [String] {
    guard let directory = opendir(path) else { throw .last("list", path) }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  package struct Status: Sendable {
    package let size: Int
    package let owner: UInt32
    package let permissions: UInt32
    package let isDirectory: Bool
    package let isRegular: Bool
    package let isSocket: Bool
    package let modifiedMs: Int

    /// Whether nobody but its owner, who is that user, may do anything with it.
    package func isPrivate(to uid: UInt32) -> Bool { owner == uid && permissions & 0o077 == 0 }
  }

  /// What the file system says of a path, symbolic links followed; nil where there is nothing.
  package static func status(_ path: String) -> Status? {
    var found = stat()
    guard stat(path, &found) == 0 else { return nil }
    let kind = found.st_mode & S_IFMT
    return Status(
      size: found.st_size, owner: found.st_uid, permissions: found.st_mode & 0o7777,
      isDirectory: kind == S_IFDIR, isRegular: kind == S_IFREG, isSocket: kind == S_IFSOCK,
      modifiedMs: found.st_mtim.tv_sec * 1000 + found.st_mtim.tv_nsec / 1_000_000)
  }

  package static func isExecutable(_ path: String) -> Bool {
    guard let status = status(path), status.isRegular else { return false }
    return access(path, X_OK) == 0
  }

  package static func isWritable(_ path: String) -> Bool { access(path, W_OK) == 0 }

  /// Bytes that an ordinary user may still write where `path` is; nil where the system does not say.
  package static func freeBytes(at path: String) -> Int? {
    var found = statvfs()
    guard statvfs(path, &found) == 0 else { return nil }
    return Int(clamping: UInt64(found.f_bavail) * UInt64(found.f_frsize))
  }

  /// The path without symbolic links and dots; nil where there is no such thing.
  package static func canonical(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  package static func remove(_ path: String) throws(SystemError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .last("remove", path) }
  }

  /// Makes names created in a directory durable.
  package static func flushDirectory(_ path: String) throws(SystemError) {
    let directory = try open(path, O_RDONLY | O_DIRECTORY)
    guard fsync(directory.raw) == 0 else { throw .last("flush", path) }
  }

  package static var currentDirectory: String {
    guard let path = getcwd(nil, 0) else { return "/" }
    defer { free(path) }
    return String(cString: path)
  }
}

extension Descriptor {
  /// Whether the file behind it has no name any more: nobody will ever read what is written to it.
  package var isUnlinked: Bool {
    var found = stat()
    return fstat(raw, &found) == 0 && found.st_nlink == 0
  }
}
