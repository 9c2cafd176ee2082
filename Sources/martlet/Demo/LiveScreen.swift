// A block of lines that is drawn again in place on a terminal, with ordinary lines above it.
// Without a terminal only the ordinary lines are written.

/// The bottom of the terminal.
struct LiveScreen {
    /// Whether lines can be drawn again.
    let isLive: Bool
    private var block: [String] = []

    init(isLive: Bool) {
        self.isLive = isLive
    }

    /// Writes a line that stays.
    mutating func say(_ line: String) {
        guard isLive else { return Console.line(line) }
        Console.write(erasing + line + "\n" + text)
    }

    /// Draws the block anew.
    mutating func draw(_ lines: [String]) {
        guard isLive else { return }
        let erased = erasing
        block = lines
        Console.write(erased + text)
    }

    private var text: String { block.map { $0 + "\n" }.joined() }

    /// Moves up over the block and clears from there to the end of the screen.
    private var erasing: String { block.isEmpty ? "" : "\u{1B}[\(block.count)A\r\u{1B}[J" }
}
