// When the logs of a simulated cluster are synced: read from a scenario, drawn by a seed.
internal import MartletBase
internal import MartletStorage

/// A mode of syncing, as a scenario offers it.
package enum SyncChoice: Hashable, Sendable {
    /// Every write, before it counts as durable.
    case everyWrite
    /// Once in each interval of a length drawn per seed.
    case interval(ClosedRange<Duration>)
    /// When the operating system sees fit.
    case operatingSystem

    /// `every_write`, `operating_system`, or an interval, as `10ms` or `10ms..1s`.
    static func read(_ word: String) throws(WordError) -> SyncChoice {
        switch word {
        case "every_write": return .everyWrite
        case "operating_system": return .operatingSystem
        default:
            do { return .interval(try ScenarioText.range(word, of: ScenarioText.duration)) } catch {
                throw WordError(
                    problem: "\(word) is no sync mode: write every_write, operating_system, or an "
                        + "interval as 10ms..1s")
            }
        }
    }

    /// The mode of one seed, from a stream of its own.
    static func drawn(_ choices: [SyncChoice], seed: UInt64) -> SyncMode {
        var random = SeededRandom(seed: seed, stream: "sync mode")
        switch choices[random.below(choices.count)] {
        case .everyWrite: return .everyWrite
        case .interval(let range): return .interval(random.duration(in: range))
        case .operatingSystem: return .operatingSystem
        }
    }
}
