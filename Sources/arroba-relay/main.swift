import ArrobaRelay
import ArrobaSystem

ThisProcess.leave(RelayProgram.main(Array(CommandLine.arguments.dropFirst())))
