package import ArrobaSupervision
package import ArrobaSystem

/// The daemon's ends of a child on pipes. What a ring holds came before what the pipe still does.
///
/// Who reads says how far it has come in `taken` of the ring, so that after a crash its successor goes on there.
package struct ChildPipes {
  /// Nil once it was closed: the child has read the end of its input.
  package let input: Descriptor?
  package let output: Descriptor
  package let error: Descriptor
  /// What the supervisor read while no daemon lived; nil where there was no such time.
  package let drainedOutput: OutputRing?
  package let drainedError: OutputRing?
}
