enum ArrobaProviderPlaceholder {}
