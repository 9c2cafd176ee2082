// How long something takes, as papers fit it: a mixture of Pareto and exponential parts. Drawn by
// inversion, from a uniform number, by arithmetic that rounds alike everywhere.
internal import MartletBase

/// A mixture of distributions of time.
struct LatencyDistribution: Sendable, Equatable {
    /// One part of the mixture. Times are in milliseconds.
    enum Part: Sendable, Equatable {
        /// At least `minimum`; longer than t with the chance (minimum / t)^shape.
        case pareto(minimum: Double, shape: Double)
        /// Longer than t with the chance e^(−rate · t).
        case exponential(rate: Double)
    }

    /// The parts, and how much of the whole each is; the shares sum to one.
    let parts: [(share: Double, part: Part)]

    static func == (left: Self, right: Self) -> Bool {
        left.parts.map(\.share) == right.parts.map(\.share)
            && left.parts.map(\.part) == right.parts.map(\.part)
    }

    /// One time.
    func draw(_ random: inout SeededRandom) -> Duration {
        var left = random.unit()
        // In (0, 1], so that there is a logarithm.
        let chance = 1 - random.unit()
        for (share, part) in parts {
            if left < share { return Self.time(part.quantile(exceededWith: chance)) }
            left -= share
        }
        return Self.time(parts[parts.count - 1].part.quantile(exceededWith: chance))
    }

    /// No draw is longer: a power law has no end of its own.
    private static let limitNanoseconds = 1e15

    private static func time(_ milliseconds: Double) -> Duration {
        .nanoseconds(Int64(min(milliseconds * 1e6, limitNanoseconds).rounded()))
    }
}

extension LatencyDistribution.Part {
    /// The time in milliseconds that is exceeded with this chance, in (0, 1].
    func quantile(exceededWith chance: Double) -> Double {
        let bits = -Logarithm.base2(of: chance)
        return switch self {
        case .pareto(let minimum, let shape):
            minimum * Logarithm.power(ofTwoTo: bits / shape)
        case .exponential(let rate): bits * Logarithm.ofTwo / rate
        }
    }
}

extension ScenarioText {
    /// A part of a mixture: `38% pareto 1.05ms 1.51`, `62% exponential 0.183/ms`.
    static func latencyPart(
        _ text: String
    ) throws(WordError) -> (share: Double, part: LatencyDistribution.Part) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count >= 3 else { throw notALatency(text) }
        let share = try share(words[0])
        switch (words[1], words.count) {
        case ("pareto", 4):
            let minimum = try duration(words[2])
            guard minimum > .zero, let shape = Double(words[3]), shape >= 0.1, shape <= 1e6 else {
                throw notALatency(text)
            }
            return (share, .pareto(minimum: Double(minimum.nanoseconds) / 1e6, shape: shape))
        case ("exponential", 3):
            guard words[2].hasSuffix("/ms"), let rate = Double(words[2].dropLast(3)), rate >= 1e-9
            else { throw notALatency(text) }
            return (share, .exponential(rate: rate))
        default: throw notALatency(text)
        }
    }

    private static func notALatency(_ text: String) -> WordError {
        WordError(
            problem: "\(text) is no latency: write 38% pareto 1.05ms 1.51, or 62% exponential "
                + "0.183/ms")
    }
}
