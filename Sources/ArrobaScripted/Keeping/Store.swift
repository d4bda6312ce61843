internal import ArrobaJSON
internal import ArrobaLoop
internal import ArrobaSystem

/// A message and its parts, as they are told and kept.
struct StoredMessage {
  var info: JSON
  var parts: [JSON] = []

  var json: JSON { ["info": info, "parts": .array(parts)] }
}

/// Sessions and messages: what survives a restart of the server, even a rude one. What streams is kept when it is complete,
/// as in OpenCode; asks, statuses and grants are not kept at all.
@LoopActor
final class Store {
  private struct Session {
    var info: JSON
    var messages: [StoredMessage] = []
  }

  private var sessions: [String: Session] = [:]
  /// In order of creation.
  private var order: [String] = []
  private var journal: Journal

  init(directory: String?) throws(SystemError) {
    var found: [JSON] = []
    journal = try Journal(directory: directory) { found.append($0) }
    for entry in found { fold(entry) }
    for id in order {
      guard let session = sessions[id] else { continue }
      journal.write(["session": session.info])
      for message in session.messages {
        journal.write(["message": message.info])
        for part in message.parts { journal.write(["part": part]) }
      }
    }
    try journal.begin()
  }

  // MARK: reading

  func session(_ id: String) -> JSON? { sessions[id]?.info }

  func sessions(in directory: String?) -> [JSON] {
    order.reversed().compactMap { sessions[$0]?.info }.filter {
      directory == nil || $0["directory"]?.string == directory
    }
  }

  func children(of id: String) -> [JSON] {
    order.compactMap { sessions[$0]?.info }.filter { $0["parentID"]?.string == id }
  }

  func messages(of id: String) -> [StoredMessage] { sessions[id]?.messages ?? [] }

  // MARK: changing

  func keep(session info: JSON) { record(["session": info]) }
  func keep(message info: JSON) { record(["message": info]) }

  /// Text that is still being written is known without it, and kept with it when it is complete.
  func keep(part: JSON) { record(["part": part]) }

  func remove(session id: String) { record(["gone": .string(id)]) }

  private func record(_ entry: JSON) {
    fold(entry)
    journal.write(entry)
  }

  private func fold(_ entry: JSON) {
    if let info = entry["session"], let id = info["id"]?.string {
      if sessions[id] == nil {
        order.append(id)
        sessions[id] = Session(info: info)
      } else {
        sessions[id]?.info = info
      }
    } else if let info = entry["message"], let id = info["id"]?.string,
      let session = info["sessionID"]?.string
    {
      if let index = index(of: id, in: session) {
        sessions[session]?.messages[index].info = info
      } else {
        sessions[session]?.messages.append(StoredMessage(info: info))
      }
    } else if let part = entry["part"] {
      fold(part: part)
    } else if let id = entry["gone"]?.string {
      sessions[id] = nil
      order.removeAll { $0 == id }
    }
  }

  private func fold(part: JSON) {
    guard let session = part["sessionID"]?.string, let message = part["messageID"]?.string,
      let index = index(of: message, in: session)
    else { return }
    let parts = sessions[session]?.messages[index].parts ?? []
    if let place = parts.lastIndex(where: { $0["id"] == part["id"] }) {
      sessions[session]?.messages[index].parts[place] = part
    } else {
      sessions[session]?.messages[index].parts.append(part)
    }
  }

  /// The newest are asked for most.
  private func index(of message: String, in session: String) -> Int? {
    sessions[session]?.messages.lastIndex { $0.info["id"]?.string == message }
  }
}
