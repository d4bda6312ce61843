/// Forgetting styles, clusters and links that no cell uses any more.
extension Emulation {
  mutating func sweepStyles() {
    var used = [Bool](repeating: false, count: styles.capacity)
    markStyles(&used)
    styles.sweep(used: used)
    if styles.count > StyleTable.limit / 2 {
      // So many styles can only be those of lines that scrolled away: let the screen have room.
      scrollback.removeAll()
      used = [Bool](repeating: false, count: styles.capacity)
      markStyles(&used)
      styles.sweep(used: used)
    }
    penIsKnown = false
    var usedLinks = [Bool](repeating: false, count: links.capacity)
    styles.markLinks { usedLinks[Int($0)] = true }
    for pen in [pen, saved.pen, hiddenSaved.pen] { usedLinks[Int(pen.style.link)] = true }
    links.sweep(used: usedLinks)
  }

  private func markStyles(_ used: inout [Bool]) {
    used[0] = true
    let mark = { (cell: Cell, used: inout [Bool]) in
      if Int(cell.style) < used.count { used[Int(cell.style)] = true }
    }
    grid.visit { mark($0, &used) }
    hidden.visit { mark($0, &used) }
    scrollback.visit { mark($0, &used) }
  }

  mutating func sweepClusters() {
    var used = [Bool](repeating: false, count: clusters.capacity)
    let mark = { (cell: Cell, used: inout [Bool]) in
      let id = Int(cell.glyph & ~Cell.clusterBit)
      if cell.isCluster, id < used.count { used[id] = true }
    }
    grid.visit { mark($0, &used) }
    hidden.visit { mark($0, &used) }
    scrollback.visit { mark($0, &used) }
    clusters.sweep(used: used)
    if clusters.count > ClusterTable.limit / 2 { scrollback.removeAll() }
  }
}
