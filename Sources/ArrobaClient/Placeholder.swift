enum ArrobaClientPlaceholder {}
