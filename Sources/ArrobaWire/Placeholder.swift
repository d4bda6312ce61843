enum ArrobaWirePlaceholder {}
