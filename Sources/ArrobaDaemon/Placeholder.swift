enum ArrobaDaemonPlaceholder {}
