// What moves, as people are shown it.
public import MartletBase
public import MartletRing
internal import MartletWire

/// One partition on its way from one node to this one, or away from this one.
public struct Transfer: Hashable, Sendable {
    /// What it is for.
    public enum Purpose: Hashable, Sendable {
        /// This node is to become a home, and is filled.
        case fill
        /// This node is to become a home, and gives back first what it has of an earlier time.
        case clear
        /// Another node is to be rid of it.
        case take
        /// This node is to be rid of it.
        case leave
    }

    /// Leaves of a partition, by which progress is told, whatever the depth of its tree.
    public static let leafCount = 1_024

    /// The partition.
    public var partition: Partition
    /// What it is for.
    public var purpose: Purpose
    /// From whom it comes now; nil where it goes away, and where nobody is asked.
    public var source: NodeID?
    /// Leaves of the present source that are through, of `leafCount`.
    public var leaves: Int
    /// Nodes that are through: sources, or those that have taken it.
    public var done: Int
    /// Of how many.
    public var count: Int
    /// Bytes that have come, as they travel; since the start.
    public var bytes: UInt64
    /// Objects that have come; since the start.
    public var objects: UInt64
    /// Whether all is here.
    public var isComplete: Bool
}

extension Pass {
    fileprivate var leaves: Int {
        isThrough ? Transfer.leafCount : Int(position.hash >> 54)
    }
}

extension Handover {
    /// What moves, by partition: fills, leftovers of this node, then those of others.
    public var transfers: [Transfer] {
        let fills = filling.fills.filter { $0.stage != .clearing }.map { fill in
            let pass =
                fill.busy.map { fill.passes[$0] }
                ?? fill.passes.last { $0.isBegun && !$0.isThrough }
            var isComplete = false
            if case .filled = fill.stage { isComplete = true }
            return Transfer(
                partition: Partition(index: fill.partition), purpose: .fill, source: pass?.source,
                leaves: isComplete ? Transfer.leafCount : pass?.leaves ?? 0,
                done: fill.throughCount, count: fill.passes.count,
                bytes: fill.passes.reduce(0) { $0 + $1.bytes },
                objects: fill.passes.reduce(0) { $0 + $1.objects }, isComplete: isComplete)
        }
        let offers = offering.offers.map { offer in
            let isClearing = isClearing(Partition(index: offer.partition))
            let count = offer.view.readers.count { $0 != here.local }
            return Transfer(
                partition: Partition(index: offer.partition),
                purpose: isClearing ? .clear : .leave, source: nil, leaves: 0,
                done: count - offer.awaited.count, count: count, bytes: 0, objects: 0,
                isComplete: false)
        }
        let takes = taking.takes.map { take in
            Transfer(
                partition: Partition(index: take.partition), purpose: .take,
                source: take.pass.source, leaves: take.pass.leaves,
                done: take.pass.isThrough ? 1 : 0, count: 1, bytes: take.pass.bytes,
                objects: take.pass.objects, isComplete: take.held != nil)
        }
        return fills + offers + takes
    }
}
