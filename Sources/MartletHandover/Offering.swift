// What this shard holds and is to be rid of: partitions that it is no home of, and those that it is
// to be filled with anew. They are offered to all who are to have them, and dropped once all have
// what is held here at that moment.
//
//     left over ─► offered ─► taken by each home, as it is now ─► dropped
//                    └ changed meanwhile: offered anew
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// A partition that is offered.
struct Offer {
    let partition: UInt16
    /// By which view it is left over.
    let view: PartitionView
    /// The ring under which it was offered first.
    let epoch: UInt64
    /// What is held of it.
    let root: UInt64
    /// Those that have not taken it yet, in their order.
    var awaited: [NodeID]
    /// When they are told again.
    var next = Instant.start
}

/// What one shard offers.
struct Offering {
    /// By ascending partition.
    private(set) var offers: [Offer] = []
    private(set) var counters = HandoverCounters()

    /// No message tells of more.
    static let messageLimit = 256

    // MARK: Events

    /// Looks for what is left over. O(partitions).
    mutating func look(_ here: Standpoint, isClearing: (UInt16) -> Bool) {
        let former = offers
        offers = []
        guard let topology = here.topology else { return }
        for partition in here.served {
            let view = topology.view(of: Partition(index: partition))
            guard !view.includes(here.local) || isClearing(partition) else { continue }
            // While something is written down of a fill, of a ring that is not known again yet or
            // until it can be deleted, what that speaks of stays.
            let isRecorded = FillRecord(of: partition, in: here.engine) != nil
            if isRecorded, !isClearing(partition) { continue }
            guard let tree = here.engine.tree(of: partition) else {
                counters.marks.occurred(.leftoverUnknown)
                continue
            }
            let index = former.partitionIndex { $0.partition < partition }
            let old = index < former.count ? former[index] : nil
            let isKnown = old?.partition == partition
            if tree.count == 0 {
                // Nothing but a drop takes all of it away.
                if isKnown { counters.drops += 1 }
                continue
            }
            if isKnown, let old, old.root == tree.root, old.view == view {
                offers.append(old)
                continue
            }
            counters.marks.occurred(.leftoverChanged, if: isKnown)
            offers.append(
                Offer(
                    partition: partition, view: view, epoch: topology.epoch, root: tree.root,
                    awaited: view.readers.filter { $0 != here.local }))
        }
    }

    /// A home has taken what it was offered.
    mutating func takenReceived(_ taken: HandoverTaken, from node: NodeID) {
        let index = offers.partitionIndex { $0.partition < taken.partition }
        guard index < offers.count, offers[index].partition == taken.partition,
            offers[index].root == taken.root, offers[index].epoch <= taken.epoch
        else { return }
        offers[index].awaited.removeAll { $0 == node }
        if offers[index].awaited.isEmpty { offers[index].next = .start }
    }

    /// A node can be sent to again: it is told what it has missed.
    mutating func homeReturned(_ node: NodeID) {
        for index in offers.indices where offers[index].awaited.contains(node) {
            offers[index].next = .start
        }
    }

    // MARK: Going on

    /// Offers what is due, and has dropped what all have taken, if it is still the same.
    mutating func settle(
        _ here: Standpoint, at now: Instant, into effects: inout [HandoverEffect]
    ) {
        guard let topology = here.topology else { return }
        var told: [Peer: [HandoverLeftover.Entry]] = [:]
        for index in offers.indices where offers[index].next <= now {
            offers[index].next = now + here.options.offerInterval
            let offer = offers[index]
            if offer.awaited.isEmpty {
                guard here.engine.tree(of: offer.partition)?.root == offer.root else { continue }
                effects.append(.drop(Partition(index: offer.partition)))
                continue
            }
            for node in offer.awaited {
                guard let peer = here.peer(node, serving: offer.partition) else { continue }
                told[peer, default: []].append(
                    .init(partition: offer.partition, root: offer.root))
            }
        }
        for peer in told.keys.sorted() {
            let entries = told[peer] ?? []
            for start in stride(from: 0, to: entries.count, by: Self.messageLimit) {
                let end = min(start + Self.messageLimit, entries.count)
                effects.append(
                    .send(
                        .leftover(
                            HandoverLeftover(
                                epoch: topology.epoch, entries: Array(entries[start..<end]))),
                        to: peer))
            }
        }
    }

    /// When something is offered again.
    var nextWakeup: Instant { offers.map(\.next).min() ?? .never }

    func checkInvariants(_ here: Standpoint) {
        for (offer, next) in zip(offers, offers.dropFirst()) {
            invariant(
                offer.partition < next.partition, "\(offer.partition) before \(next.partition)")
        }
        for offer in offers {
            invariant(
                !offer.awaited.contains(here.local), "\(offer.partition) is offered to itself")
        }
    }
}
