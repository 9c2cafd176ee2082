// Who stands in for a partition's homes, and in which order. The same on every node, from nothing
// but the members and the homes; who is alive is the caller's concern.
internal import MartletBase

/// The order of fallbacks: rendezvous hashing (Thaler and Ravishankar, 1998), zones spread first.
///
/// Each member draws a score for each partition. In order of score, a fallback whose zone has the
/// fewest nodes listed before it goes first, so that zones without a home are used before a second
/// node of any. A member's death spreads its partitions' stand-ins over all others, and a new
/// member takes a place in the order of its zone without reshuffling the rest of that zone.
struct FallbackRanking {
    private let zones: Zones
    private let memberHashes: [UInt64]

    init(_ members: [RingMember]) {
        zones = Zones(members)
        memberHashes = members.map { StableHash.mix($0.id.rawValue ^ 0x6D61_7274_6C65_7421) }
    }

    /// Positions of the first `limit` fallbacks of `partition`, whose homes are at `homes`.
    /// O(members · log members).
    func fallbacks(of partition: Partition, homes: ArraySlice<UInt16>, limit: Int) -> [Int] {
        var listed = [UInt64](repeating: 0, count: zones.count)
        for home in homes { listed[zones.ofMember[Int(home)]] += 1 }
        var order = byScore(partition, excluding: homes)
        // Rank by nodes of the same zone listed before, then by score; the high bits order.
        for (place, position) in order.enumerated() {
            let zone = zones.ofMember[Int(position & 0xFFFF)]
            order[place] = listed[zone] << 32 | UInt64(place) << 16 | (position & 0xFFFF)
            listed[zone] += 1
        }
        order.sort()
        return order.prefix(limit).map { Int($0 & 0xFFFF) }
    }

    /// Members that are no homes by ascending score: the score above, the position in the low 16
    /// bits, packed so that sorting compares plain integers.
    private func byScore(_ partition: Partition, excluding homes: ArraySlice<UInt16>) -> [UInt64] {
        let seed = StableHash.mix(UInt64(partition.index) + 1)
        var scores: [UInt64] = []
        scores.reserveCapacity(memberHashes.count)
        for (position, hash) in memberHashes.enumerated() where !homes.contains(UInt16(position)) {
            scores.append(StableHash.mix(hash ^ seed) & ~0xFFFF | UInt64(position))
        }
        scores.sort()
        return scores
    }
}
