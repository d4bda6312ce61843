package import ArrobaLoop
package import ArrobaSupervision

/// How a child ended.
package enum ExitStatus: Sendable, Equatable {
  case code(Int)
  case signal(Int)

  /// The exit status as the terminal lane carries it: the code, or minus the signal.
  package var signed: Int {
    switch self {
    case .code(let code): code
    case .signal(let number): -number
    }
  }
}

/// Why a child was not born: what was tried, and the system's words for the reason.
package struct BirthFailure: Error, Sendable, Equatable {
  package let message: String

  package init(_ message: String) { self.message = message }
}

/// A child that lives, or has lived and not been forgotten.
package struct BornChild {
  package let id: String
  package let pid: Int
  /// The terminal's lane; nil for a child on pipes.
  package let terminal: (any TerminalLane)?
  /// The ends of its pipes; nil for a child on a terminal.
  package let pipes: (any PipeLane)?
  /// Set where the child had ended before this daemon took over.
  package let exit: ExitStatus?

  package init(
    id: String, pid: Int, terminal: (any TerminalLane)?, pipes: (any PipeLane)? = nil, exit: ExitStatus?
  ) {
    self.id = id
    self.pid = pid
    self.terminal = terminal
    self.pipes = pipes
    self.exit = exit
  }
}

/// Who gives birth to children and keeps them over the daemon's death: the supervisor.
@LoopActor
package protocol ChildHost: AnyObject {
  /// The children that an earlier daemon left, each once, before anything else happens to them.
  func takeHandedOver() -> [BornChild]

  /// Starts a child; `reply` is called once. Children are born in the order of the calls.
  func spawn(_ birth: ChildBirth, reply: @escaping @LoopActor (Result<BornChild, BirthFailure>) -> Void)

  /// Sends a signal to the child's process group.
  func signal(_ id: String, _ number: Int)

  /// The child's ring, descriptors and exit status are no longer needed. A living child is hung up.
  func forget(_ id: String)

  /// Called once for each child that ends.
  var onExit: (@LoopActor (_ id: String, _ status: ExitStatus) -> Void)? { get set }
}

/// The daemon's end of one terminal: bytes in, bytes out, a size. Raw bytes never mix with structured lanes.
@LoopActor
package protocol TerminalLane: AnyObject {
  /// What the program has written. The lane reads into it; the terminal's owner only looks.
  var ring: OutputRing { get }

  /// Starts reading. `onOutput` after each batch of bytes that came into the ring; `onEnd` once, when the last
  /// program has closed the terminal and everything was read. `meanwhile` between two reads of a batch: the kernel needs
  /// a moment to have more, and a read in that moment waits for it.
  func start(
    onOutput: @escaping @LoopActor () -> Void, meanwhile: @escaping @LoopActor () -> Void,
    onEnd: @escaping @LoopActor () -> Void)

  /// Enters bytes; returns how many the terminal took (0 where it is full).
  func write(_ bytes: UnsafeRawBufferPointer) -> Int

  /// Calls `body` once, as soon as the terminal takes bytes again.
  func whenWritable(_ body: @escaping @LoopActor () -> Void)

  func resize(columns: UInt16, rows: UInt16)

  /// The process group in the foreground; nil where there is none.
  var foregroundGroup: Int? { get }

  /// Closes this end.
  func close()
}

/// The daemon's ends of a child on three pipes. What it wrote while no daemon lived comes first.
@LoopActor
package protocol PipeLane: AnyObject {
  /// Starts reading: bytes as they come, of its output and of its error output. `onEnd` once, when both are at their end.
  func start(
    onOutput: @escaping @LoopActor ([UInt8]) -> Void, onErrorOutput: @escaping @LoopActor ([UInt8]) -> Void,
    onEnd: @escaping @LoopActor () -> Void)

  /// The ring of its output, where it was born with one (`ChildBirth.Kind.lines`).
  var ring: OutputRing? { get }

  /// Starts reading the output into the ring; `onOutput` after each read, and first where there is something that was
  /// not taken. Who listens says in `taken` of the ring what need not be kept, and so has to make room for the next read.
  func startKept(
    onOutput: @escaping @LoopActor () -> Void, onErrorOutput: @escaping @LoopActor ([UInt8]) -> Void,
    onEnd: @escaping @LoopActor () -> Void)

  /// Hands bytes to its input; returns how many the pipe took (0 where it is full, or closed).
  func write(_ bytes: UnsafeRawBufferPointer) -> Int

  /// Calls `body` once, as soon as the pipe takes bytes again.
  func whenWritable(_ body: @escaping @LoopActor () -> Void)

  /// The child reads the end of its input.
  func closeInput()

  /// Closes all ends.
  func close()
}
