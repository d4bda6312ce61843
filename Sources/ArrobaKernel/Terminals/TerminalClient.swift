package import ArrobaLoop
package import ArrobaModel
package import ArrobaProvider

/// A client that looks at a terminal: a cursor in its bytes. It pulls; the terminal only says when something is new.
@LoopActor
package protocol TerminalClient: AnyObject {
  var attachment: AttachmentID { get }
  /// There are bytes after its offset.
  func outputIsThere()
  func sizeChanged(columns: UInt16, rows: UInt16)
  /// Something that whoever looks should know.
  func told(_ notice: String)
  /// The program has ended; all its output is in the ring.
  func programEnded(_ status: ExitStatus)
  /// Another connection has taken over this attachment.
  func replaced()
}
