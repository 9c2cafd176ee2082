// What happens to single packets beyond delay and loss: held back, or changed in flight. Drawn from
// streams of their own, so that a network that has none of it fares as if there were no such thing.
internal import MartletBase

/// What happens to one packet besides its fate.
struct Mishap {
    /// How much longer than its delay it is held back.
    var heldBack = Duration.zero
    /// The bits that are flipped, counted from the first of its first byte on, modulo its size.
    var flips: [UInt64] = []

    /// Flips the bits; the packet is not empty.
    func spoil(_ bytes: inout Bytes) {
        for flip in flips {
            let bit = Int(flip.multipliedFullWidth(by: UInt64(bytes.count * 8)).high)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        }
    }
}

extension NetworkConditions {
    /// A packet is held back for 1, 2, 4, … times the least delay, with so many doublings at most:
    /// some datagrams come behind the next, some behind those of many rounds.
    private static let holdDoublings = 12
    /// A CRC-32C finds every change of up to three bits in packets of these sizes; what it does not
    /// find is for no protocol to survive.
    private static let flipLimit = 3

    /// Draws what one seed has of the settings of mishaps.
    mutating func drawMishaps(_ settings: NetworkSettings, seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: "network mishaps")
        reordering = random.probability(in: settings.reordering)
        corruption = random.probability(in: settings.corruption)
        guard let tail = settings.tail else { return }
        tailExponent = tail.lowerBound + (tail.upperBound - tail.lowerBound) * random.unit()
    }

    /// What happens to packet number `ordinal` on `path`.
    func mishap(seed: UInt64, path: Int, ordinal: UInt64) -> Mishap {
        guard reordering > 0 || corruption > 0 else { return Mishap() }
        let packet = StableHash.mix(UInt64(path) << 40 ^ ordinal)
        var random = SeededRandom(seed: StableHash.mix(seed ^ packet), stream: "mishap")
        var mishap = Mishap()
        if random.chance(reordering) {
            mishap.heldBack = delay * (1 << random.below(Self.holdDoublings + 1))
        }
        if random.chance(corruption) {
            for _ in 0...random.below(Self.flipLimit) { mishap.flips.append(random.next()) }
        }
        return mishap
    }
}
