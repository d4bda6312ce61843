enum ArrobaCLIPlaceholder {}
