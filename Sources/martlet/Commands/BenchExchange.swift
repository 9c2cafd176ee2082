// `martlet bench exchange`: what it costs replicas to find and mend a difference, and to be equal.
internal import ArgumentParser
internal import MartletBench
internal import MartletLocal
internal import MartletViews

/// Measures exchanges between replicas in one process, in virtual time.
struct BenchExchange: ParsableCommand {
    /// What `martlet help bench exchange` says.
    static let configuration = CommandConfiguration(
        commandName: "exchange",
        abstract: "Measure what exchanges between replicas move and cost.",
        discussion: """
            Fills the replicas of a ring of 1,024 partitions, each on a disk in memory, with the \
            same keys of 16 bytes; one of them is not given a share of these. Then lets virtual \
            time pass until exchanges have mended that, and an hour more, and counts every byte \
            that the nodes send each other over their links, frames and all. At last clients write \
            to three replicas, with Merkle trees and without in turns. Nothing is written to a \
            disk, and no socket is opened. All figures but processor time are the same in every \
            run.

            Examples:
              martlet bench exchange
              martlet bench exchange --keys 100000 --value-bytes 100 --lost 1 --replicas 3
            """)

    /// Keys that the replicas hold.
    @Option(help: ArgumentHelp("Keys to fill the replicas with.", valueName: "count"))
    var keys = 1_000_000

    /// Lengths of values.
    @Option(
        help: ArgumentHelp("Lengths of the values; new replicas each.", valueName: "counts"))
    var valueBytes = CommaList<Int>([100, 1_024])

    /// The share that one replica lacks.
    @Option(
        help: ArgumentHelp("Percentage of the keys that one replica lacks.", valueName: "percent"))
    var lost = 1.0

    /// How many replicas.
    @Option(help: ArgumentHelp("Replicas of each key, a node each.", valueName: "2|3"))
    var replicas = 2

    /// Whether the result is for programs.
    @Flag(help: "Print the result as JSON.")
    var json = false

    /// A benchmark that was not parsed yet.
    init() {}

    /// Refuses what measures nothing.
    func validate() throws {
        guard (1...100_000_000).contains(keys) else {
            throw ValidationError("--keys must be 1 to 100000000")
        }
        guard valueBytes.elements.allSatisfy((1...1 << 20).contains) else {
            throw ValidationError("--value-bytes must be numbers from 1 to 1048576")
        }
        guard lost > 0, lost <= 100 else { throw ValidationError("--lost must be above 0 to 100") }
        guard (2...3).contains(replicas) else { throw ValidationError("--replicas must be 2 or 3") }
    }

    /// Measures and prints.
    func run() throws {
        let signals = StopSignals()
        var report = ExchangeReport(machine: .current(), results: [])
        for size in valueBytes.elements {
            let run = ExchangeRun(
                keyCount: keys, valueBytes: size, lostShare: lost / 100, replicaCount: replicas,
                signals: signals)
            report.results.append(
                try run.measure { Console.error("martlet bench exchange: \(size) bytes: \($0)") })
        }
        if json {
            Console.line(JSONText.lines(report))
        } else {
            Console.lines(report.lines)
        }
    }
}
