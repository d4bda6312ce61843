enum ArrobaTerminalPlaceholder {}
