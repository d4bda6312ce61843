enum ArrobaSupervisionPlaceholder {}
