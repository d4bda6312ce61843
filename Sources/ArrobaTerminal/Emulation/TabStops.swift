/// Where the tabulator stops.
struct TabStops: Equatable {
  private static let distance = 8
  private var stops: [Bool]

  init(columns: Int) {
    stops = (0..<columns).map { $0 % Self.distance == 0 && $0 > 0 }
  }

  /// A wider screen has the usual stops in its new columns.
  mutating func resize(columns: Int) {
    while stops.count < columns { stops.append(stops.count % Self.distance == 0) }
    stops.removeLast(stops.count - columns)
  }

  mutating func set(_ column: Int) { stops[column] = true }
  mutating func clear(_ column: Int) { stops[column] = false }
  mutating func clearAll() { stops = stops.map { _ in false } }
  mutating func reset() { self = TabStops(columns: stops.count) }

  func next(after column: Int) -> Int {
    var next = column + 1
    while next < stops.count, !stops[next] { next += 1 }
    return min(next, stops.count - 1)
  }

  func previous(before column: Int) -> Int {
    var previous = column - 1
    while previous > 0, !stops[previous] { previous -= 1 }
    return max(0, previous)
  }

  var columns: [Int] { stops.indices.filter { stops[$0] } }
}
