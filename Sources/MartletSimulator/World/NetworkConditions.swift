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
    /// Alpha of the tail of delays; nil for 2.
    var tailExponent: Double?
    /// The chances that a datagram is held back, and that bits of a packet are flipped.
    var reordering = 0.0
    var corruption = 0.0

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

    /// Pareto. With alpha 2, which it is unless told otherwise: median 1.4 times the least, one in
    /// a hundred 10 times, one in ten thousand 100 times. A square root rounds alike everywhere, as
    /// do logarithms of our own.
    private func tail(_ random: inout SeededRandom) -> Duration {
        let unit = max(random.unit(), 1e-9)
        let factor =
            tailExponent.map { Logarithm.power(ofTwoTo: -Logarithm.base2(of: unit) / $0) }
            ?? 1 / unit.squareRoot()
        return .nanoseconds(Int64(Double(delay.nanoseconds) * min(factor, Self.tailLimit)))
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
