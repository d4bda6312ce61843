enum ArrobaKernelPlaceholder {}
