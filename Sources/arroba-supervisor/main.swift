import ArrobaSupervisor

SupervisorProgram.run()
