// How many partitions each member should be home to: in proportion to weight, as far as the rules
// permit. Numbers only; which partitions is `Deal`'s to say.
internal import MartletBase

/// Whole shares for every zone and member, each within one of its fair real share.
///
/// The fair real share is weight times a fill level, the same for all, except where a rule caps it:
/// no member is home to a partition twice, so none has more than Q; and a zone has between `fewest`
/// and `most` homes of each partition. What a cap takes away, the others share by weight.
struct FairShares {
    /// For each zone, how many homes it has in all.
    let zoneTotals: [Int]
    /// For each member, how many partitions it is home to.
    let memberTotals: [Int]

    /// The shares of `homes` homes for each of `partitions` partitions. Where a share is rounded up
    /// for some, it is for those first that have so many already, as `held` says. O(members).
    init(
        members: [RingMember], zones: Zones, spread: ZoneSpread, partitions: Int, homes: Int,
        held: [Int]
    ) {
        let all = Double(partitions)
        func share(_ position: Int, level: Double) -> Double {
            min(all, level * Double(members[position].weight))
        }
        func uncapped(_ zone: Int, level: Double) -> Double {
            zones.members[zone].reduce(0) { $0 + share($1, level: level) }
        }
        func capped(_ zone: Int, level: Double) -> Double {
            let low = all * Double(spread.fewest[zone])
            let high = all * Double(spread.most[zone])
            return max(low, min(high, uncapped(zone, level: level)))
        }
        let level = FairShares.fillLevel(limit: all, total: all * Double(homes)) { level in
            (0..<zones.count).reduce(0) { $0 + capped($1, level: level) }
        }
        let fairZones = (0..<zones.count).map { capped($0, level: level) }
        let heldInZones = zones.members.map { $0.reduce(0) { $0 + held[$1] } }
        let zoneTotals = FairShares.rounded(
            fairZones, total: partitions * homes, held: heldInZones)
        var memberTotals = [Int](repeating: 0, count: members.count)
        for zone in 0..<zones.count {
            let level = FairShares.fillLevel(limit: all, total: fairZones[zone]) {
                uncapped(zone, level: $0)
            }
            let fair = zones.members[zone].map { share($0, level: level) }
            let whole = FairShares.rounded(
                fair, total: zoneTotals[zone], held: zones.members[zone].map { held[$0] })
            for (position, total) in zip(zones.members[zone], whole) {
                invariant(
                    (0...partitions).contains(total), "share \(total) of \(partitions) partitions")
                memberTotals[position] = total
            }
        }
        self.zoneTotals = zoneTotals
        self.memberTotals = memberTotals
    }

    /// The level at which the rising function `filled` reaches `total`, by bisection of 0 … `limit`
    /// down to neighbouring doubles.
    private static func fillLevel(
        limit: Double, total: Double, filled: (Double) -> Double
    ) -> Double {
        var low = 0.0
        var high = limit
        while true {
            let middle = (low + high) / 2
            if middle <= low || middle >= high { return high }
            if filled(middle) < total { low = middle } else { high = middle }
        }
    }

    /// Whole numbers of the given sum, each the floor or the ceiling of its value: the ceiling for
    /// those that have so much already, then for the largest remainders, the earlier of equals
    /// first. A value within 10⁻⁶ of a whole number is taken as that. Values are not negative, so
    /// conversion to `Int` is their floor.
    private static func rounded(_ values: [Double], total: Int, held: [Int]) -> [Int] {
        let exact = values.map { value in
            let nearest = Double(Int(value + 0.5))
            return abs(value - nearest) < 1e-6 ? nearest : value
        }
        var whole = exact.map { Int($0) }
        let missing = total - whole.reduce(0, +)
        invariant((0...values.count).contains(missing), "\(missing) missing from \(values)")
        func urgency(_ index: Int) -> Double {
            let remainder = exact[index] - Double(whole[index])
            return remainder > 0 && held[index] > whole[index] ? 1 + remainder : remainder
        }
        let byRemainder = values.indices.sorted { (urgency($1), $0) < (urgency($0), $1) }
        for index in byRemainder.prefix(missing) { whole[index] += 1 }
        return whole
    }
}
