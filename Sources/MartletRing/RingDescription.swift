// The ring in numbers, for people: who holds how much, and how much weight would give. No
// formatting.

/// What each member holds in a topology.
public struct RingDescription: Hashable, Sendable {
    /// One member's part.
    public struct Row: Hashable, Sendable {
        /// Whose part it is.
        public let member: RingMember
        /// How many partitions it is home to.
        public let homeCount: Int
        /// How many partitions it is primary of.
        public let primaryCount: Int
        /// The part of all homes that it holds, in percent.
        public let sharePercent: Double
        /// The part of all homes that its weight alone would give it, in percent.
        public let sharePercentByWeight: Double
        /// How many partitions its weight alone would make it home to.
        public let homeCountByWeight: Double
    }

    /// The members in the order of their names.
    public let rows: [Row]

    /// Counts what the members of `topology` hold. O(Q · N).
    public init(_ topology: Topology) {
        var homeCounts = [Int](repeating: 0, count: topology.members.count)
        var primaryCounts = homeCounts
        for (place, home) in topology.homeIndexes.enumerated() {
            homeCounts[Int(home)] += 1
            if place.isMultiple(of: topology.homesPerPartition) { primaryCounts[Int(home)] += 1 }
        }
        let homes = Double(topology.homeIndexes.count)
        let weights = topology.members.reduce(0) { $0 + ($1.isLeaving ? 0 : UInt64($1.weight)) }
        let rows = topology.members.enumerated().map { position, member in
            let byWeight = member.isLeaving ? 0 : Double(member.weight) / Double(weights)
            return Row(
                member: member, homeCount: homeCounts[position],
                primaryCount: primaryCounts[position],
                sharePercent: 100 * Double(homeCounts[position]) / homes,
                sharePercentByWeight: 100 * byWeight, homeCountByWeight: homes * byWeight)
        }
        self.rows = rows.sorted { $0.member.name < $1.member.name }
    }
}
