// The rare branches of the node around its protocols, and all marks under one roof.
internal import MartletAntiEntropy
public import MartletBase
internal import MartletConsensus
internal import MartletHandover
internal import MartletMembership
internal import MartletReplication
internal import MartletStorage

/// A branch of the node that a search should come by.
public enum NodeMark: Int, MarkName {
    /// The ring was learnt from another node after a ring of one's own.
    case ringReplaced
    /// A node that had no ring was told of one by another.
    case ringLearnt
    /// The storage did not take a ring.
    case ringRefused
    /// A ring that came was not believed.
    case ringDisbelieved
    /// The clock had leapt with nobody to compare it with.
    case clockLeapt
    /// The clock was the odd one out.
    case clockOdd
    /// What another node had removed stayed, since its clock was doubted.
    case removalDisbelieved
    /// Clients were let in by the deadline.
    case readyByDeadline
    /// The node started before its actor was synced.
    case startedUnsynced
    /// A clean stop let the actor go on.
    case actorWentOn
    /// The node wrote under a new actor after a loss.
    case actorRenewed
    /// The storage did not take the new actor.
    case renewalRefused
    /// A node came back divided into another number of shards.
    case peerDividedAnew
    /// The storage did not take the mark of a clean stop.
    case stopRefused
    /// The storage did not keep a vote, and it was not given.
    case voteRefused
    /// A node that had lost its disk asked the others to count its vote again.
    case diskEnlisted
    /// This node had the nodes decide that moves had come to their end.
    case movesCompleted
    /// What was held of a partition that others are the homes of was dropped.
    case partitionDropped
    /// A partition was not dropped yet, since a crash could bring an older ring back.
    case dropPutOff
    /// A node that had lost data of a partition was asked for it.
    case pullInDoubt
    /// The storage did not take that a partition is dropped.
    case dropRefused
}

extension NodeCore {
    /// The rare branches that this life has come by, each as `part/branch`, in a fixed order.
    public var rareBranches: [String] {
        var marks = shard.marks
        if let control { marks.formUnion(control.marks) }
        return Self.names("node", marks)
            + Self.names("membership", control?.membership.marks ?? Marks<MembershipMark>())
            + Self.names("replication", counters.marks)
            + Self.names("anti-entropy", antiEntropyCounters.marks)
            + Self.names("consensus", control?.chain.marks ?? Marks<ConsensusMark>())
            + Self.names("handover", shard.handover.counters.marks)
            + Self.names("storage", engine.counters.marks)
    }

    /// Every rare branch that has a mark, in the order of `rareBranches`.
    public static let allRareBranches =
        allNames("node", NodeMark.self) + allNames("membership", MembershipMark.self)
        + allNames("replication", ReplicationMark.self)
        + allNames("anti-entropy", AntiEntropyMark.self)
        + allNames("consensus", ConsensusMark.self) + allNames("handover", HandoverMark.self)
        + allNames("storage", StorageMark.self)

    private static func names<Name: MarkName>(_ part: String, _ marks: Marks<Name>) -> [String] {
        Name.allCases.filter(marks.contains).map { name(part, $0) }
    }

    private static func allNames<Name: MarkName>(_ part: String, _: Name.Type) -> [String] {
        Name.allCases.map { name(part, $0) }
    }

    private static func name(_ part: String, _ branch: some MarkName) -> String {
        "\(branch)".reduce(into: part + "/") { name, letter in
            if letter.isUppercase { name += "-" }
            name += letter.lowercased()
        }
    }
}
