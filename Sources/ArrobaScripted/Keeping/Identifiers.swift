internal import ArrobaLoop
internal import ArrobaSystem

/// Ids as OpenCode makes them: a prefix, twelve hexadecimal digits of the time, fourteen letters of chance. The digits wrap
/// around every 795 days, so nothing can be ordered by them.
@LoopActor
enum Identifiers {
  private static var last: UInt64 = 0
  private static let letters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

  /// "msg", "prt", "per", "que" and "evt" grow with time; those of sessions ("ses") fall.
  static func next(_ prefix: String) -> String {
    last = max(last + 1, UInt64(Clock.wallMs()) * 4096)
    let bits = (prefix == "ses" ? ~last : last) & 0xFFFF_FFFF_FFFF
    let digits = String(bits, radix: 16)
    let chance = (0..<14).map { _ in letters[Int.random(in: 0..<letters.count)] }
    return
      "\(prefix)_\(String(repeating: "0", count: 12 - digits.utf8.count))\(digits)\(String(decoding: chance, as: UTF8.self))"
  }
}
