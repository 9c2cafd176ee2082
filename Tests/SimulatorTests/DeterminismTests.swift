// The built executable against itself and against the release build: hashing is random in every
// process, so whatever follows from the order of a set or dictionary shows here.
import Foundation
import MartletSimulator
import Testing

@Suite("Determinism across processes")
struct DeterminismTests {
    private static let root =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The executable that is built beside the tests.
    static let executable: String = {
        let tests = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return (tests ?? CommandLine.arguments[0])
            .split(separator: "/", omittingEmptySubsequences: false).dropLast()
            .joined(separator: "/") + "/martlet"
    }()

    /// The output and status of a run of `program`.
    static func output(_ program: String, _ arguments: [String]) throws -> (String, Int32) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus)
    }

    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: executable) }

    @Test(
        "Two processes play one run, to the last byte of their logs", .enabled(if: isBuilt),
        arguments: ["flaky-network", "fallbacks-stand-in"])
    func twoProcesses(name: String) throws {
        let (text, status) = try Self.output(
            Self.executable,
            [
                "simulate", "\(Self.root)/Simulations/\(name).yaml", "--seed", "3", "--compare",
                Self.executable,
            ])
        #expect(status == 0, "\(text)")
        let report = Simulation.run(try Simulations.load(name), seed: 3)
        #expect(text.contains(report.hashText), "\(text)")
    }

    @Test(
        "A case file is replayed by its name, and refused when it is another run",
        .enabled(if: isBuilt))
    func replay() throws {
        let scenario = try ReplayTests.scenario()
        var kept = SimulationCase(scenario, as: Simulation.run(scenario, seed: 5))
        let path = FileManager.default.temporaryDirectory.path + "/martlet-\(UUID()).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try kept.text.write(toFile: path, atomically: true, encoding: .utf8)
        let same = try Self.output(Self.executable, ["simulate", "--replay", path])
        #expect(same.1 == 0 && same.0.contains("the same run"), "\(same.0)")
        kept.hashText = "0000000000000000"
        try kept.text.write(toFile: path, atomically: true, encoding: .utf8)
        let other = try Self.output(Self.executable, ["simulate", "--replay", path])
        #expect(other.1 == 1 && other.0.contains("not as the case says"), "\(other.0)")
    }

    @Test(
        "A search that is killed leaves the case of the run under way", .enabled(if: isBuilt))
    func killedSearch() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        // A second of processor time, then a signal that nobody has asked for.
        let search = "\(Self.executable) simulate \(Self.root)/Simulations/every-knob.yaml"
        let (text, status) = try Self.output(
            "/bin/sh",
            [
                "-c",
                "ulimit -t 1; exec \(search) --seeds 1000 --jobs 1 --keep \(folder)",
            ])
        #expect(status != 0, "\(text)")
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left.count == 1 && left[0].hasSuffix("-unfinished.yaml"), "\(left)")
        let kept = try SimulationCase.load(
            text: String(contentsOfFile: "\(folder)/\(left[0])", encoding: .utf8))
        #expect(kept.verdict == "unfinished" && kept.scenario.name == "every-knob")
    }
}
