extension Screen { package func repaint(history: Int) -> [UInt8] { [] } }
