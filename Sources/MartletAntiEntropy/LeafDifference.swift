// What two replicas of a leaf do not have in common, from as little as possible: a pure
// calculation.

/// Finds what differs below one leaf.
enum LeafDifference {
    /// Leaves with more objects are not searched for three at once.
    static let searchLimit = 160

    /// The positions of the few digests, at most three, of which `difference` is the XOR: where a
    /// leaf's hash here and there differ by just what is here and not there, the hashes alone tell.
    /// With 64-bit digests a chance hit in a leaf of 64 is a matter of 1 in 10^14. Nil where it
    /// takes the digests of both. O(n), O(n²) for leaves within the search limit.
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
