enum ArrobaJSONPlaceholder {}
