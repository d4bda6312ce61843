enum ArrobaSupervisorPlaceholder {}
