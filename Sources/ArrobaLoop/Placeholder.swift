enum ArrobaLoopPlaceholder {}
