// The quorums of one write: one, or two where the homes of the partition change. Both are needed
// from the epoch that begins the move to the one that ends it, so that those who count by the homes
// of before, and those who count by the homes of after, meet (`PartitionView`).
internal import MartletBase
internal import MartletRing
internal import MartletWire

/// What a write needs, and of which homes.
struct WriteQuorums {
    /// Among the homes.
    let requirement: WriteRequirement
    /// Where the homes change: who they are, and what is needed among those of before.
    let move: Move?
    /// All homes that take part.
    let homes: [NodeID]

    /// The homes of a partition that moves.
    struct Move {
        var homes: [NodeID]
        var former: [NodeID]
        /// Among the former homes. Where these are fewer than was asked for, all of them.
        var requirement: WriteRequirement
    }

    /// One quorum, among whoever is asked.
    init(_ requirement: WriteRequirement) {
        self.requirement = requirement
        move = nil
        homes = []
    }

    /// The quorums of a write with these options to a partition of that view.
    init(
        _ options: WriteOptions, defaults: ReplicationOptions, _ view: PartitionView
    ) throws(RequestError) {
        requirement = try WriteRequirement(
            options, defaults: defaults, homeCount: view.homes.count)
        let present = Placement.first(requirement.n, of: view.homes)
        guard view.isMoving else {
            move = nil
            homes = present
            return
        }
        let formerly = try WriteRequirement(
            options, defaults: defaults, homeCount: view.former.count, cutsToFit: true)
        let former = Placement.first(formerly.n, of: view.former)
        move = Move(homes: present, former: former, requirement: formerly)
        homes = present + former.filter { !present.contains($0) }
    }
}
