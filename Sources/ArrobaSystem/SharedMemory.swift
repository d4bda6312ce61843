internal import CPty
internal import Glibc

/// Memory that several processes see, kept alive by its descriptor (memfd_create(2)). Pages exist once touched.
package final class SharedMemory: @unchecked Sendable {
  // @unchecked: the address never changes; who may write is the owner's rule (one process at a time).
  package let base: UnsafeMutableRawPointer
  package let count: Int
  package let descriptor: Descriptor

  /// New memory, all zero.
  package convenience init(name: String, count: Int) throws(SystemError) {
    let number = memfd_create(name, UInt32(1))  // MFD_CLOEXEC
    guard number >= 0 else { throw .last("make shared memory for", name) }
    let descriptor = Descriptor(owning: number)
    guard ftruncate(number, count) == 0 else { throw .last("size shared memory for", name) }
    try self.init(mapping: descriptor)
  }

  /// Memory that another process made.
  package init(mapping descriptor: Descriptor) throws(SystemError) {
    var found = stat()
    guard fstat(descriptor.raw, &found) == 0, found.st_size > 0 else {
      throw .last("measure", "shared memory")
    }
    let address = mmap(nil, found.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.raw, 0)
    guard let address, address != MAP_FAILED else { throw .last("map", "shared memory") }
    base = address
    count = found.st_size
    self.descriptor = descriptor
  }

  /// Gives the pages of a mapping of shared memory back, for all who have it mapped: they read as zero from then on.
  /// A failure is let pass: they are only kept a little longer.
  package static func giveBack(_ region: UnsafeMutableRawBufferPointer) {
    _ = madvise(region.baseAddress, region.count, 9)  // MADV_REMOVE
  }

  deinit { munmap(base, count) }
}
