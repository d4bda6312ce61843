internal import ArrobaLoop
internal import ArrobaProvider
internal import ArrobaSystem

/// The pictures of a prompt, read on a thread of their own: a file may be on a disk that hangs.
enum ClaudePictures {
  /// What the model's service takes of one picture.
  private static let largest = 5 << 20

  @LoopActor
  static func read(
    _ files: [PromptFile],
    done: @escaping @LoopActor (Result<[(type: String, bytes: [UInt8])], ProviderTrouble>) -> Void
  ) {
    guard !files.isEmpty else { return done(.success([])) }
    Threads.start("claude-pictures") {
      let result = read(files)
      Loop.shared.post { done(result) }
    }
  }

  private static func read(_ files: [PromptFile]) -> Result<[(type: String, bytes: [UInt8])], ProviderTrouble>
  {
    var pictures: [(type: String, bytes: [UInt8])] = []
    for file in files {
      do {
        let bytes = try Files.read(file.path, atMost: largest + 1)
        guard bytes.count <= largest else {
          return .failure(
            ProviderTrouble("\(file.path) is larger than 5 MiB, which is the most for a picture"))
        }
        pictures.append((file.mediaType, bytes))
      } catch {
        return .failure(ProviderTrouble("\(error)"))
      }
    }
    return .success(pictures)
  }
}
