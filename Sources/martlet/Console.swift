// Writing to the terminal or to whatever stands in its place, at once and whole.
internal import Glibc
internal import MartletServer

/// The two streams of the process.
enum Console {
    /// How long an end waits for a standard error that takes nothing.
    static let patience = Duration.seconds(1)

    /// Whether standard output is a terminal, so that lines can be drawn again.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Writes `text` and a line end to standard output.
    static func line(_ text: String = "") {
        write(text + "\n")
    }

    /// Writes lines to standard output.
    static func lines(_ lines: [String]) {
        write(lines.map { $0 + "\n" }.joined())
    }

    /// Writes `text` as it stands to standard output.
    static func write(_ text: String) {
        write(Array(text.utf8))
    }

    /// Writes bytes as they stand to standard output.
    static func write(_ bytes: [UInt8]) {
        PosixStream.write(bytes, to: STDOUT_FILENO)
    }

    /// All that standard input brings until its end, `limit` bytes at most.
    static func input(limit: Int) throws(CommandFailure) -> [UInt8] {
        var input: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe read(STDIN_FILENO, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw unsafe CommandFailure(
                    "cannot read standard input: \(String(cString: strerror(errno)))")
            }
            if count == 0 { return input }
            input += piece[..<count]
            guard input.count <= limit else {
                throw CommandFailure(
                    "standard input brings more than \(limit) bytes, more than a value may have",
                    status: .usage)
            }
        }
    }

    /// Writes `text` and a line end to standard error, unless that takes nothing for a while: a
    /// full pipe must not keep a command from ending.
    static func error(_ text: String) {
        var wanted = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        let milliseconds = CInt(patience.components.seconds * 1_000)
        guard unsafe poll(&wanted, 1, milliseconds) != 0 else { return }
        PosixStream.write(Array("\(text)\n".utf8), to: STDERR_FILENO)
    }

    /// Writes a line to standard error that the next one takes the place of; nil takes it away.
    /// Nothing where standard error is no terminal.
    static func progress(_ text: String?) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        PosixStream.write(Array("\r\u{1B}[K\(text ?? "")".utf8), to: STDERR_FILENO)
    }
}
