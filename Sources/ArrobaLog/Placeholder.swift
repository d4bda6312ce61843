enum ArrobaLogPlaceholder {}
