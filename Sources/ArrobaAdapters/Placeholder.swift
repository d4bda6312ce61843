enum ArrobaAdaptersPlaceholder {}
