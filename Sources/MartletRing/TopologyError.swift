// The rules of a topology, each as the refusal that names who breaks it. The same rules bind an
// operator's request, the planner's answer and bytes from a peer.
public import MartletBase

/// Why a topology is refused.
public enum TopologyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Epochs are counted from 1.
    case epochIsZero
    /// The cluster's name is empty or longer than `RingMember.textLimitBytes`.
    case clusterNameLength(bytes: Int)
    /// The replica count is outside `1 ... Topology.replicaCountLimit`.
    case replicaCountOutOfRange(Int)
    /// A ring needs a member.
    case noMembers
    /// There are more members than `Topology.memberLimit`.
    case tooManyMembers(Int)
    /// The members are not in ascending order of their ids.
    case membersNotSorted
    /// Two members have this id.
    case duplicateID(NodeID)
    /// Two members have this name.
    case duplicateName(String)
    /// A member's name is empty or longer than `RingMember.textLimitBytes`.
    case memberNameLength(NodeID, bytes: Int)
    /// A member's zone is longer than `RingMember.textLimitBytes`.
    case memberZoneLength(NodeID, bytes: Int)
    /// A member has weight 0: it should leave the ring instead.
    case weightIsZero(NodeID)
    /// There are not as many homes as partitions times homes for each.
    case homeCount(expected: Int, found: Int)
    /// A partition's home is no member.
    case homeIsNoMember(Partition)
    /// A partition has the same home twice, among its homes or the former ones.
    case homeRepeated(Partition)
    /// A partition's home is a member that leaves.
    case homeLeaves(Partition)
    /// The moves are not in ascending order of their partitions.
    case movesNotSorted
    /// A move is of no partition, from no or too many homes, or begun in an epoch to come.
    case moveOutOfBounds(Partition)
    /// A move leads to the homes that there were.
    case moveChangesNothing(Partition)
    /// A member has left before.
    case hasDeparted(NodeID)
    /// Partitions have moved to more or fewer homes than they had before: they would have to move
    /// again.
    case cannotGoBack
    /// More members that have left are remembered than `Topology.departedLimit`.
    case tooManyDeparted(Int)

    /// One line that says what to change.
    public var description: String {
        let textLimit = RingMember.textLimitBytes
        return switch self {
        case .epochIsZero: "epoch 0: epochs are counted from 1"
        case .clusterNameLength(let bytes):
            "cluster name of \(bytes) bytes: it must have 1 to \(textLimit)"
        case .replicaCountOutOfRange(let count):
            "replica count \(count): it must be 1 to \(Topology.replicaCountLimit)"
        case .noMembers: "no members: a ring needs at least one"
        case .tooManyMembers(let count):
            "\(count) members: a ring has at most \(Topology.memberLimit)"
        case .membersNotSorted: "members are not sorted by id"
        case .duplicateID(let id): "two members have the id \(id)"
        case .duplicateName(let name): "two members have the name \(name)"
        case .memberNameLength(let id, let bytes):
            "member \(id) has a name of \(bytes) bytes: it must have 1 to \(textLimit)"
        case .memberZoneLength(let id, let bytes):
            "member \(id) has a zone of \(bytes) bytes: it may have at most \(textLimit)"
        case .weightIsZero(let id): "member \(id) has weight 0: it must be 1 or more"
        case .homeCount(let expected, let found): "\(found) homes in all: there must be \(expected)"
        case .homeIsNoMember(let partition): "a home of partition \(partition) is no member"
        case .homeRepeated(let partition): "partition \(partition) has the same home twice"
        case .homeLeaves(let partition): "a home of partition \(partition) leaves"
        case .movesNotSorted: "moves are not sorted by partition"
        case .moveOutOfBounds(let partition): "the move of partition \(partition) is out of bounds"
        case .moveChangesNothing(let partition):
            "the move of partition \(partition) leads to the homes that it has"
        case .hasDeparted(let id):
            "member \(id) has left the cluster: a node that comes back joins with an empty data "
                + "directory"
        case .cannotGoBack:
            "some partitions have got another number of homes already: change the number of "
                + "replicas back instead"
        case .tooManyDeparted(let count):
            "\(count) members that have left: \(Topology.departedLimit) are remembered"
        }
    }
}
