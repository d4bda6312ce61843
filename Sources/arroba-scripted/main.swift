internal import ArrobaScripted
internal import ArrobaSystem

ThisProcess.leave(
  ScriptedProgram.main(Array(CommandLine.arguments.dropFirst()), environment: Environment.all))
