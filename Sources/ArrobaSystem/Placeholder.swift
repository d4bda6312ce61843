enum ArrobaSystemPlaceholder {}
