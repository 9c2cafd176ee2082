// Other programs: one that is waited for, and one whose lines are read as they come.
import Foundation

/// Why it goes no further.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// What a program that has ended has said.
struct Output {
    let text: String
    let succeeded: Bool

    /// Runs a program, found by its name.
    init(of command: [String], variables: [String: String] = [:]) {
        var text = ""
        let end = LiveProgram(command, variables: variables).run { line in
            text += line + "\n"
        }
        self.text = text
        succeeded = end == .ended(0)
    }
}

/// A program under way.
struct LiveProgram {
    /// How it came to its end.
    enum End: Equatable {
        case ended(Int32)
        case signalled(Int32)

        /// Whether it has used up the processor's time that it was given.
        var isOutOfTime: Bool { self == .signalled(SIGXCPU) || self == .signalled(SIGKILL) }
    }

    private let command: [String]
    private let variables: [String: String]

    init(_ command: [String], variables: [String: String]) {
        (self.command, self.variables) = (command, variables)
    }

    /// Runs it; `hear` takes each line of what it says.
    func run(_ hear: (String) -> Void) -> End {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return .ended(-1) }
        var rest: [UInt8] = []
        while case let data = pipe.fileHandleForReading.availableData, !data.isEmpty {
            rest += data
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                hear(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
        }
        process.waitUntilExit()
        let status = process.terminationStatus
        return process.terminationReason == .exit ? .ended(status) : .signalled(status)
    }
}

/// Tells a line at once.
func say(_ line: some CustomStringConvertible) {
    FileHandle.standardOutput.write(Data("\(line)\n".utf8))
}
