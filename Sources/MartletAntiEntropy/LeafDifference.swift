// What two replicas of a leaf do not have in common, from as little as possible: a pure
// calculation.

/// Finds what differs below one leaf.
enum LeafDifference {
    /// Leaves with more objects are not searched for three and four at once.
    static let searchLimit = 160

    /// The positions of the few digests, at most four, of which `difference` is the XOR: where a
    /// leaf's hash here and there differ by just what is here and not there, the hashes alone tell.
    /// The fewest that do are taken, which may be others by chance: the fewer bits there are to the
    /// digests, the sooner. Nil where it takes the digests of both. O(n), O(n²) for leaves within
    /// the search limit.
    static func name(_ difference: UInt64, among digests: [UInt64]) -> [Int]? {
        if difference == 0 { return [] }
        var places: [UInt64: Int] = [:]
        for (position, digest) in digests.enumerated() {
            if digest == difference { return [position] }
            places[digest] = position
        }
        for (first, digest) in digests.enumerated() {
            if let second = places[digest ^ difference], second > first {
                return [first, second]
            }
        }
        guard digests.count <= searchLimit else { return nil }
        for first in digests.indices {
            for second in digests.indices.dropFirst(first + 1) {
                let rest = difference ^ digests[first] ^ digests[second]
                if let third = places[rest], third > second { return [first, second, third] }
            }
        }
        return nameFour(difference, among: digests)
    }

    /// Two pairs meet in the middle. O(n²).
    private static func nameFour(_ difference: UInt64, among digests: [UInt64]) -> [Int]? {
        var pairs: [UInt64: (Int, Int)] = [:]
        for second in digests.indices {
            for first in digests.indices.prefix(second) {
                let pair = digests[first] ^ digests[second]
                // Pairs that end before this one begins: each four is met in one way.
                if let (one, other) = pairs[difference ^ pair], other < first {
                    return [one, other, first, second]
                }
            }
            for first in digests.indices.prefix(second) {
                pairs[digests[first] ^ digests[second]] = (first, second)
            }
        }
        return nil
    }

    /// The positions of those of `digests` that are not among `others`, and those of `others` that
    /// are not among `digests`, sorted. O(n + m).
    static func between(
        _ digests: [UInt64], _ others: [UInt64]
    ) -> (surplus: [Int], missing: [UInt64]) {
        let theirs = Set(others)
        let ours = Set(digests)
        let surplus = digests.indices.filter { !theirs.contains(digests[$0]) }
        return (surplus, theirs.subtracting(ours).sorted())
    }
}
