// Every ring that a node goes by places each partition on as many distinct homes as there are to
// be, in as many zones as can be, and shares the partitions evenly: the loss of one zone takes no
// more homes of a partition than it must, and no node has much more to do than another. Counted
// anew from the ring, for members of one weight, as all simulated ones are; the planner's numbers
// are not asked.
internal import MartletBase
internal import MartletRing

/// Checks one ring.
struct PlacementCheck {
    /// For each partition the positions of its homes among the members, the primary first.
    let homes: [[Int]]
    /// For each member, its zone.
    let zones: [Int]
    /// How many homes a partition is to have.
    let replicaCount: Int
    /// Whether members are to have even shares: they have one weight, and the planner placed all.
    let isEven: Bool

    init(_ topology: Topology, isPlanned: Bool = true) {
        let members = topology.members.filter { !$0.isLeaving }
        let ids = members.map(\.id)
        let names = Set(members.map(\.zone)).sorted()
        isEven = isPlanned && Set(members.map(\.weight)).count == 1
        homes = topology.partitionCount.partitions.map { partition in
            topology.homes(of: partition).compactMap { ids.firstIndex(of: $0) }
        }
        zones = members.map { member in names.firstIndex(of: member.zone) ?? 0 }
        replicaCount = topology.replicaCount
    }

    private var zoneSizes: [Int] {
        zones.reduce(into: [Int](repeating: 0, count: (zones.max() ?? 0) + 1)) { $0[$1] += 1 }
    }

    private var width: Int { min(replicaCount, zones.count) }

    func run() -> Finding? {
        for (partition, row) in homes.enumerated() {
            if Set(row).count != width || row.count != width {
                return Finding(
                    .placement,
                    "partition \(partition) is at members \(row), not at \(width) distinct ones")
            }
            if let crowded = crowdedZone(row) {
                return Finding(
                    .placement,
                    "partition \(partition) is at members \(row), \(crowded.count) of them in one "
                        + "zone while another could take one more")
            }
        }
        return isEven ? unevenShare(held) ?? unevenLead : nil
    }

    /// A zone with two homes more than another that has a member left.
    private func crowdedZone(_ row: [Int]) -> (zone: Int, count: Int)? {
        var counts = [Int](repeating: 0, count: zoneSizes.count)
        for member in row { counts[zones[member]] += 1 }
        for (zone, count) in counts.enumerated() {
            let hasRoom = zoneSizes.indices.contains {
                counts[$0] < zoneSizes[$0] && counts[$0] + 1 < count
            }
            if hasRoom { return (zone, count) }
        }
        return nil
    }

    /// How many partitions each member is home to.
    private var held: [Int] {
        homes.reduce(into: [Int](repeating: 0, count: zones.count)) { counts, row in
            for member in row { counts[member] += 1 }
        }
    }

    /// Members of one zone share its homes to within one. Those of another have more only where no
    /// partition could move there from them without crowding it: the zones' shares are whole
    /// numbers within one of the fair ones, so two members' may differ by one each besides.
    private func unevenShare(_ held: [Int]) -> Finding? {
        for rich in zones.indices {
            for poor in zones.indices where held[rich] > held[poor] + 1 {
                let isSameZone = zones[rich] == zones[poor]
                guard isSameZone || held[rich] > held[poor] + 3 && mayMove(from: rich, to: poor)
                else { continue }
                return Finding(
                    .placement,
                    "member \(rich) is home to \(held[rich]) partitions, and member \(poor) to "
                        + "\(held[poor])")
            }
        }
        return nil
    }

    /// Whether a partition of `rich` could be at `poor` instead, and stay as evenly spread.
    private func mayMove(from rich: Int, to poor: Int) -> Bool {
        homes.contains { row in
            guard row.contains(rich), !row.contains(poor) else { return false }
            return crowdedZone(row.map { $0 == rich ? poor : $0 }) == nil
        }
    }

    /// A member is asked first in its share of the partitions that it is home to, to within one.
    private var unevenLead: Finding? {
        let held = held
        var led = [Int](repeating: 0, count: zones.count)
        for row in homes { row.first.map { led[$0] += 1 } }
        for member in zones.indices
        where led[member] < held[member] / width || led[member] > (held[member] + width - 1) / width
        {
            return Finding(
                .placement,
                "member \(member) is the first of \(led[member]) partitions, of the "
                    + "\(held[member]) that it is home to, each at \(width)")
        }
        return nil
    }
}
