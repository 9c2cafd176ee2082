// What stays of a search that one of its runs takes down, by a trap, an exhausted stack or all of
// the memory: each run leaves its case before it begins, and takes it away when it is over.
internal import Foundation
internal import Glibc
internal import MartletSimulator

/// The cases of the runs that a search has begun and not ended, as files.
struct RunsUnderWay: Sendable {
    /// Where they are.
    let directory: String

    /// Makes the directory.
    func begin() throws {
        FallenRun.watch()
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw CommandFailure("\(directory) cannot be made: \(error.localizedDescription)")
        }
    }

    /// Leaves the case of a run. One that cannot be left is no reason to end the search.
    func begins(_ scenario: Scenario, seed: UInt64) {
        let path = path(scenario.name, seed)
        FallenRun.note("\(scenario.name) seed \(seed), which is left in \(path)")
        let kept = SimulationCase(unfinished: scenario, seed: seed)
        try? kept.text.write(
            toFile: path, atomically: false, encoding: .utf8)
    }

    /// Takes the case of a run away.
    func ended(_ report: SimulationReport) {
        _ = unsafe unlink(path(report.scenario, report.seed))
        FallenRun.note(nil)
    }

    /// Removes the directory if nothing is in it.
    func end() { _ = unsafe rmdir(directory) }

    private func path(_ scenario: String, _ seed: UInt64) -> String {
        "\(directory)/\(scenario)-\(seed)-unfinished.yaml"
    }
}
