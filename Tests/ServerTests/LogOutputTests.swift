// Messages to a pipe that nobody reads: whoever logs goes on, and what was dropped is told.
import Glibc
import Logging
import MartletServer
import Testing

struct LogOutputTests {
    private func makePipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        return (ends[0], ends[1])
    }

    /// Reads until `phrase` has come.
    private func read(_ descriptor: CInt, until phrase: String) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !text.contains(phrase) {
            let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
            if count <= 0 { break }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        return text
    }

    @Test("A full pipe holds nobody up; what was dropped is counted once it is read again")
    func fullPipe() throws {
        let ends = try makePipe()
        defer {
            close(ends.read)
            close(ends.write)
        }
        let output = LogOutput(ends.write)
        var log = Logger(label: "martlet") { NodeLog(label: $0, output: output) }
        log.logLevel = .notice
        let count = 3 * LogOutput.limitBytes / 1_000
        for index in 0..<count {
            log.notice("\(index) \(String(repeating: "x", count: 1_000))")
            log.info("never told")
        }
        output.drain(within: .milliseconds(10))
        let text = read(ends.read, until: "are missing here: ")
        let lines = text.split(separator: "\n")
        #expect(lines[0].contains(" notice martlet: 0 xxx"))
        let told = lines.count { $0.hasSuffix("x") }
        let tail = try #require(lines.first { $0.contains("are missing here") })
        #expect(
            tail.contains(" warning martlet: \(count - told) messages"), "\(tail), \(told) told")
        #expect(!text.contains("never told"))
        log.notice("and on")
        #expect(read(ends.read, until: "and on").contains("and on"))
    }

    @Test("What does not block is waited for, and nothing of what is written is lost")
    func withoutBlocking() async throws {
        let ends = try makePipe()
        try #require(fcntl(ends.write, F_SETFL, O_NONBLOCK) == 0)
        let text = (0..<40_000).map { "line \($0)\n" }.joined()
        async let written: Void = { PosixStream.write(Array(text.utf8), to: ends.write) }()
        #expect(read(ends.read, until: "line 39999\n") == text)
        await written
        close(ends.read)
        close(ends.write)
    }

    @Test("A reader that has gone away is outlived, and an end waits for what can be written")
    func goneReader() throws {
        let ends = try makePipe()
        _ = signal(SIGPIPE, SIG_IGN)
        let output = LogOutput(ends.write)
        output.append("first\n")
        output.drain(within: .seconds(10))
        #expect(read(ends.read, until: "first") == "first\n")
        close(ends.read)
        output.append("nobody\n")
        output.drain(within: .seconds(10))
        close(ends.write)
    }
}
