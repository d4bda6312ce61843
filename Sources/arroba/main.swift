import ArrobaCLI

CommandLineTool.main()
