// A seed made of two: a run can have the configuration of one seed and all else of another, and is
// still one scenario and one seed, to be replayed as any other.
//
//     1 | configuration: 31 bits | the other seed: 32 bits        a joint seed
//     0 | ...                                                     a plain one

/// Joins seeds, and takes them apart.
enum JointSeed {
    private static let mark: UInt64 = 1 << 63
    private static let otherBits: UInt64 = 32

    /// What the configuration of a run is drawn from: which troubles there are, the network's
    /// settings, and the options of the nodes.
    static func configuration(of seed: UInt64) -> UInt64 {
        seed & mark == 0 ? seed : (seed & ~mark) >> otherBits
    }

    /// The seed of a run with the configuration of one seed and all else of another; nil where one
    /// is too large for that.
    static func joining(configuration: UInt64, with other: UInt64) -> UInt64? {
        guard configuration < 1 << 31, other < 1 << otherBits else { return nil }
        return mark | configuration << otherBits | other
    }
}
