// What the copy is built into: a program that plays scenarios under one seed after the other, until
// a run does not pass or the time is over. It takes the simulator alone, not the server, so that it
// builds soon, and tells of every run before it begins, so that one that takes it down is known.

/// The program's source, and how the copy's manifest names it: in the place of all that the core
/// and the simulator can do without.
enum Player {
    static let name = "player"

    static let manifest = """

        package.targets.append(
            .executableTarget(
                name: "player", dependencies: ["MartletSimulator"], swiftSettings: strict))
        package.products = [.executable(name: "player", targets: ["player"])]
        let shells: Set = [
            "MartletViews", "MartletServer", "MartletClient", "MartletLocal", "MartletBench",
            "martlet", "HouseTests", "ViewsTests", "ServerTests", "BenchTests", "SimulatorTests",
        ]
        package.targets.removeAll { shells.contains($0.name) }

        """

    /// Where its source goes.
    static let file = "Sources/player/Player.swift"

    /// A line `begins NAME SEED TENTHS` before each run; `VERDICT NAME SEED TENTHS WHY` for the
    /// first that does not pass, with which it ends. The time is the processor's, in tenths of a
    /// second: what else the machine has to do counts for nothing.
    static let source = """
        // Made by Tools/Mutants: player SEED SECONDS SCENARIO…
        internal import Foundation
        internal import MartletSimulator

        @main
        struct Player {
            static func main() throws {
                let arguments = CommandLine.arguments
                guard arguments.count > 3, var seed = UInt64(arguments[1]),
                    let seconds = Int(arguments[2])
                else { exit(2) }
                let scenarios = try arguments[3...].map { try Scenario.load(path: $0) }
                repeat {
                    for scenario in scenarios {
                        say("begins", scenario, seed)
                        let report = Simulation.run(scenario, seed: seed)
                        if let why = why(report.verdict) {
                            say(report.verdict.name, scenario, seed, why)
                            exit(1)
                        }
                        if now >= Double(seconds) { exit(0) }
                    }
                    seed += 1
                } while true
            }

            private static func why(_ verdict: SimulationReport.Verdict) -> String? {
                switch verdict {
                case .passed: nil
                case .failed(let promise): promise.rawValue
                case .vacuous(let missing): missing.map(\\.name).joined(separator: ", ")
                }
            }

            private static var now: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

            private static func say(
                _ word: String, _ scenario: Scenario, _ seed: UInt64, _ why: String = ""
            ) {
                let line = "\\(word) \\(scenario.name) \\(seed) \\(Int(now * 10)) \\(why)\\n"
                FileHandle.standardOutput.write(Data(line.utf8))
            }
        }

        """
}
