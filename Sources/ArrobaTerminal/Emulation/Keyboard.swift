/// The kitty keyboard protocol's flags: a small stack for each screen.
struct Keyboard: Equatable {
  /// Deeper pushes drop the oldest, as the protocol says.
  private static let deepest = 8
  private(set) var stack: [Int] = [0]

  var flags: Int { stack.last ?? 0 }

  mutating func set(_ flags: Int, how: Int) {
    let known = flags & 31
    let old = self.flags
    switch how {
    case 1: stack[stack.count - 1] = known
    case 2: stack[stack.count - 1] = old | known
    case 3: stack[stack.count - 1] = old & ~known
    default: break
    }
  }

  mutating func push(_ flags: Int) {
    stack.append(flags & 31)
    if stack.count > Self.deepest { stack.removeFirst() }
  }

  mutating func pop(_ amount: Int) {
    stack.removeLast(min(amount, stack.count))
    if stack.isEmpty { stack = [0] }
  }
}
