// `martlet simulate` as people call it: what a search says before and after, and the way from a
// failing seed to a small case, its page, and the log of one key.
import Foundation
import MartletSimulator
import Testing

@Suite("The simulate command", .enabled(if: DeterminismTests.isBuilt))
struct SimulateCommandTests {
    /// A place for one test's files.
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-\(UUID())"

        init() throws {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String, _ name: String) throws -> String {
            try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
            return "\(path)/\(name)"
        }

        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
        }
    }

    private static func simulate(_ words: String...) throws -> (text: String, status: Int32) {
        let (text, status) = try DeterminismTests.output(
            DeterminismTests.executable, ["simulate"] + words)
        return (text, status)
    }

    @Test("A search says how many runs it makes, and what they came to, in plain lines")
    func search() throws {
        let folder = try Folder()
        let text = "{nodes: 3, duration: 300ms, clients: 2, keys: 5, settle: 10s}"
        let (one, two) = (try folder.write(text, "one.yaml"), try folder.write(text, "two.yaml"))
        let (output, status) = try Self.simulate(
            one, two, "--seeds", "3", "--jobs", "2", "--keep", "\(folder.path)/kept")
        #expect(status == 0, "\(output)")
        let lines = output.split(separator: "\n")
        #expect(lines.first == "2 scenarios under 3 seeds: 6 runs, 2 at a time")
        #expect(lines.count == 8)
        #expect(lines[1].hasPrefix("one seed 1: passed, log hash "))
        #expect(
            lines.last?.hasPrefix("6 runs, 0.0 simulated hours, 0 failed, 0 vacuous, in ") == true)
        #expect(!output.contains("\r") && !output.contains("\u{1B}"))
    }

    @Test("A case is replayed with its page, and its log is of one key")
    func replay() throws {
        let folder = try Folder()
        let scenario = try ReplayTests.scenario()
        let report = Simulation.run(scenario, seed: 5)
        let kept = try folder.write(SimulationCase(scenario, as: report).text, "kept.yaml")
        let page = "\(folder.path)/page.html"
        let (output, status) = try Self.simulate(
            "--replay", kept, "--html", page, "--junit", "\(folder.path)/results.xml", "--log",
            "--key", "key-3")
        #expect(status == 0, "\(output.suffix(2_000))")
        #expect(output.contains(" n1 holds key-3: ") && !output.contains("key-4"))
        #expect(try folder.text("page.html").contains("class=\"verdict passed\""))
        #expect(try folder.text("page.html").contains("martlet simulate --replay \(kept)"))
        #expect(try folder.text("results.xml").contains("tests=\"1\""))
    }

    #if DEBUG
        @Test("A planted bug is found, made small with its page, and replayed")
        func plantedBug() throws {
            let folder = try Folder()
            let scenario = try folder.write(
                "{nodes: 3, duration: 3s, clients: 3, keys: 6}", "small.yaml")
            let keep = ["--keep", folder.path, "--plant", "inventsVersion"]
            let found = try DeterminismTests.output(
                DeterminismTests.executable, ["simulate", scenario, "--seeds", "2"] + keep)
            #expect(found.1 == 1 && found.0.contains("2 failed"), "\(found.0)")
            let shrunk = try DeterminismTests.output(
                DeterminismTests.executable,
                [
                    "simulate", "--shrink", "\(folder.path)/small-1.yaml", "--time-limit", "3s",
                    "--html", "\(folder.path)/small.html",
                ] + keep)
            #expect(shrunk.1 == 0, "\(shrunk.0)")
            #expect(try folder.text("small.html").contains("class=\"verdict failed\""))
            let replayed = try DeterminismTests.output(
                DeterminismTests.executable,
                [
                    "simulate", "--replay", "\(folder.path)/small-1-small.yaml", "--html",
                    "\(folder.path)/again.html", "--log",
                ] + keep)
            #expect(replayed.1 == 0 && replayed.0.contains("the same run"), "\(replayed.0)")
            #expect(try folder.text("again.html") == folder.text("small.html"))
        }
    #endif
}
