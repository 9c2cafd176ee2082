// How one packet fares: a function of seed, path and ordinal alone, so that leaving out a fault or
// a message elsewhere changes nothing here.
internal import MartletBase

/// The network's settings as one seed has drawn them.
struct NetworkConditions {
    /// The least delay.
    var delay: Duration
    var loss: Double
    var duplication: Double
    var breaks: Double

    /// How long a lost message takes to be sent again, and at the least: TCP's own minimum.
    static let retransmission = Duration.milliseconds(200)
    /// No packet takes longer than so many times the least delay.
    static let tailLimit = 300.0

    /// The fate of packet number `ordinal` on `path`.
    func fate(seed: UInt64, path: Int, ordinal: UInt64) -> Fate {
        var random = SeededRandom(
            seed: StableHash.mix(seed ^ StableHash.mix(UInt64(path) << 40 ^ ordinal)))
        return Fate(
            delay: tail(&random), isLost: random.chance(loss),
            duplicateDelay: random.chance(duplication) ? tail(&random) : nil,
            breaksLink: random.chance(breaks))
    }

    /// Pareto with alpha 2: median 1.4 times the least, one in a hundred 10 times, one in ten
    /// thousand 100 times. A square root rounds alike everywhere; logarithms do not.
    private func tail(_ random: inout SeededRandom) -> Duration {
        let factor = min(1 / max(random.unit(), 1e-9).squareRoot(), Self.tailLimit)
        return .nanoseconds(Int64(Double(delay.nanoseconds) * factor))
    }
}

/// What becomes of one packet.
struct Fate {
    var delay: Duration
    var isLost: Bool
    /// A second copy arrives after this long.
    var duplicateDelay: Duration?
    var breaksLink: Bool
}
