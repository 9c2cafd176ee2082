// The things that can happen in a run and that a scenario may insist on: what tells a run that
// tested something from one in which nothing came to pass.

/// Something that makes a run worth its time.
package enum Occurrence: String, Hashable, Sendable, CaseIterable {
    /// A write was acknowledged.
    case acknowledgedWrite = "acknowledged-write"
    /// A node crashed.
    case crash
    /// A node crashed soon after it had started again.
    case crashLoop = "crash-loop"
    /// A node started again under another address.
    case move
    /// A node's process was stopped for a while and went on.
    case pause
    /// A node's wall clock was set forward or back.
    case clockJump = "clock-jump"
    /// A node's disk was full.
    case diskFull = "disk-full"
    /// A node's disk was slow.
    case diskSlow = "disk-slow"
    /// A node's disk failed or lied, or a bit on it turned.
    case diskFault = "disk-fault"
    /// A node's disk was lost, and it went on with an empty one.
    case lostDisk = "lost-disk"
    /// A node refused writes since its disk had failed or was full.
    case writesRefused = "writes-refused"
    /// A node has found that its disk had lost something.
    case damageFound = "damage-found"
    /// A node did not start since its disk would not let it.
    case startRefused = "start-refused"
    /// A node stays down: of what it needs to know of itself its disk has lost something.
    case nodeLost = "node-lost"
    /// Every node was down at the same time.
    case crashOfEveryNode = "crash-of-every-node"
    /// A node lost log positions that it had not synced.
    case unsyncedLoss = "unsynced-loss"
    /// A node lost log positions that had counted as durable, as lazy sync modes allow.
    case durableLoss = "durable-loss"
    /// Nodes were kept from reaching each other.
    case partition
    /// Nodes were kept from reaching each other again, by a fault that comes and goes.
    case flapping
    /// Nodes fell into more than two groups that could not reach each other.
    case split
    /// Packets passed from one node to another and not back.
    case oneWay = "one-way"
    /// A packet took a multiple of its time over a slow link.
    case linkSlowed = "link-slowed"
    /// A packet waited for a clogged link to be freed.
    case linkClogged = "link-clogged"
    /// A link between two nodes broke.
    case linkBroken = "link-broken"
    /// A packet or message was lost.
    case messageLost = "message-lost"
    /// A datagram arrived twice.
    case messageDuplicated = "message-duplicated"
    /// A datagram overtook one that was sent before it.
    case messageReordered = "message-reordered"
    /// Bits of a datagram or message were flipped in flight.
    case messageCorrupted = "message-corrupted"
    /// A node kept a hint, as a copy or as a mark.
    case hintKept = "hint-kept"
    /// A home took a hint.
    case hintDelivered = "hint-delivered"
    /// A node outside the homes held a write for one of them.
    case standIn = "stand-in"
    /// A node outside the homes coordinated a write.
    case fallbackCoordinated = "fallback-coordinated"
    /// A write was handed on to a home.
    case forward
    /// A replica was asked because another was slow.
    case hedge
    /// A read found a replica behind.
    case repair
    /// A read returned more than one version.
    case sibling
    /// A read was bound to cover an acknowledged write, and was held against it.
    case boundRead = "bound-read"
    /// A read was bound not to show what a delete had removed.
    case readAfterDelete = "read-after-delete"
    /// A read met a value that had expired.
    case expired = "expired"
    /// A client merged several versions of a cart or counter.
    case tallyMerged = "tally-merged"
    /// A client gave up on a request, or was gone before its answer.
    case clientGone = "client-gone"
    /// The last trace of a deleted or expired key was removed.
    case removal
    /// Clients asked many times as often as usual.
    case overload
    /// A node refused a request since it had too many.
    case overloadRefused = "overload-refused"
    /// The seed does without a class of trouble that its scenario has.
    case swarm
    /// A watermark moved.
    case settled
    /// An exchange sent a home what it lacked.
    case exchangeMended = "exchange-mended"
    /// A home did not take back what had been removed there, and told its sender.
    case lateVersionRefused = "late-version-refused"
    /// A memtable was written out as a table.
    case flush
    /// Tables were merged.
    case compaction
    /// A block was read from the disk.
    case blockRead = "block-read"
    /// Nodes had to do without others that stayed away for good.
    case coreAlone = "core-alone"
    /// A request failed, was refused, or was never answered.
    case failedOperation = "failed-operation"
}

/// How often each thing has occurred.
struct Occurrences {
    private var counts = [Int](repeating: 0, count: Occurrence.allCases.count)
    private static let positions = Dictionary(
        uniqueKeysWithValues: Occurrence.allCases.enumerated().map { ($1, $0) })

    subscript(_ occurrence: Occurrence) -> Int {
        get { counts[Self.position(occurrence)] }
        set { counts[Self.position(occurrence)] = newValue }
    }

    private static func position(_ occurrence: Occurrence) -> Int {
        guard let position = positions[occurrence] else { fatalError("\(occurrence) not listed") }
        return position
    }
}
