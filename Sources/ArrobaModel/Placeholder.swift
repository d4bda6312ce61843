enum ArrobaModelPlaceholder {}
