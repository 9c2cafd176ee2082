// The things that can happen in a run and that a scenario may insist on: what tells a run that
// tested something from one in which nothing came to pass.

/// Something that makes a run worth its time.
package enum Occurrence: Int, Hashable, Sendable, CaseIterable {
    /// A write was acknowledged.
    case acknowledgedWrite
    /// A node crashed.
    case crash
    /// A node stopped in good order.
    case cleanStop
    /// A node crashed soon after it had started again.
    case crashLoop
    /// A node started again under another address.
    case move
    /// A node's process was stopped for a while and went on.
    case pause
    /// A node's wall clock was set forward or back.
    case clockJump
    /// A node found its wall clock to be the odd one out.
    case clockOdd
    /// A node's disk was full.
    case diskFull
    /// A node's disk was slow.
    case diskSlow
    /// A node's disk failed or lied, or a bit on it turned.
    case diskFault
    /// A node's disk was lost, and it went on with an empty one.
    case lostDisk
    /// A change of the ring was decided.
    case ringChanged
    /// A change was decided that left more members than the first ring had.
    case nodeJoins
    /// Members that were about to leave when a change was decided.
    case nodeLeaves
    /// A change of the ring was asked for and not decided: another came first, too few members
    /// answered, or it would have come to nothing.
    case ringChangeRefused
    /// A write was at all homes of before and after a move by the time that it had to be.
    case writeWhileMoving
    /// A write of the time before a move was looked for at a home that was filled since.
    case fillChecked
    /// A key was looked for at the homes of a partition that another node dropped.
    case dropChecked
    /// A read was held against writes of the time before the homes changed.
    case readAfterChange
    /// Partitions had moved, and their new homes alone were left.
    case movesCompleted
    /// A node refused writes since its disk had failed or was full.
    case writesRefused
    /// A node refused clients' values, since its disk had no more than its reserve.
    case reserveHeld
    /// A node started on a disk that was full.
    case startedFull
    /// A node has found that its disk had lost something.
    case damageFound
    /// A node did not start since its disk would not let it.
    case startRefused
    /// A node stays down: of what it needs to know of itself its disk has lost something.
    case nodeLost
    /// Every node was down at the same time.
    case crashOfEveryNode
    /// A node lost log positions that it had not synced.
    case unsyncedLoss
    /// A node lost log positions that had counted as durable, as lazy sync modes allow.
    case durableLoss
    /// Nodes were kept from reaching each other.
    case partition
    /// Nodes were kept from reaching each other again, by a fault that comes and goes.
    case flapping
    /// Nodes fell into more than two groups that could not reach each other.
    case split
    /// Packets passed from one node to another and not back.
    case oneWay
    /// A packet took a multiple of its time over a slow link.
    case linkSlowed
    /// A packet waited for a clogged link to be freed.
    case linkClogged
    /// A link between two nodes broke.
    case linkBroken
    /// A packet or message was lost.
    case messageLost
    /// A datagram arrived twice.
    case messageDuplicated
    /// A datagram overtook one that was sent before it.
    case messageReordered
    /// Bits of a datagram or message were flipped in flight.
    case messageCorrupted
    /// A node kept a hint, as a copy or as a mark.
    case hintKept
    /// A home took a hint.
    case hintDelivered
    /// A node outside the homes held a write for one of them.
    case standIn
    /// A node outside the homes coordinated a write.
    case fallbackCoordinated
    /// A write was handed on to a home.
    case forward
    /// A replica was asked because another was slow.
    case hedge
    /// A read found a replica behind.
    case repair
    /// A read returned more than one version.
    case sibling
    /// A read was bound to cover an acknowledged write, and was held against it.
    case boundRead
    /// A read was bound not to show what a delete had removed.
    case readAfterDelete
    /// A read met a value that had expired.
    case expired
    /// A client merged several versions of a cart or counter.
    case tallyMerged
    /// A client gave up on a request, or was gone before its answer.
    case clientGone
    /// The last trace of a deleted or expired key was removed.
    case removal
    /// A context forgot actors of which nothing is left but what was replaced.
    case contextPruned
    /// Clients asked many times as often as usual.
    case overload
    /// A node refused a request since it had too many.
    case overloadRefused
    /// The seed does without a class of trouble that its scenario has.
    case swarm
    /// A watermark moved.
    case settled
    /// An exchange sent a home what it lacked.
    case exchangeMended
    /// A home did not take back what had been removed there, and told its sender.
    case lateVersionRefused
    /// A memtable was written out as a table.
    case flush
    /// Tables were merged.
    case compaction
    /// A block was read from the disk.
    case blockRead
    /// Nodes had to do without others that stayed away for good.
    case coreAlone
    /// A request failed, was refused, or was never answered.
    case failedOperation
}

extension Occurrence {
    /// How scenarios and reports spell it, as `acknowledged-write`.
    package var name: String {
        "\(self)".reduce(into: "") { name, letter in
            if letter.isUppercase { name += "-" }
            name += letter.lowercased()
        }
    }

    /// The one of that name.
    init?(name: String) {
        guard let named = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = named
    }
}

/// How often each thing has occurred.
struct Occurrences {
    private var counts = [Int](repeating: 0, count: Occurrence.allCases.count)

    subscript(_ occurrence: Occurrence) -> Int {
        get { counts[occurrence.rawValue] }
        set { counts[occurrence.rawValue] = newValue }
    }
}
