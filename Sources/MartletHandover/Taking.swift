// What other nodes are to be rid of and this one is a home of: it is pulled from them, and they are
// told once it is synced. Nothing of this lasts: who is not told offers again.
//
//     offered ─► the same is held here? ─► a pass over the sender ─► synced ─► told
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// A leftover of another node that is being taken.
struct Take {
    let partition: UInt16
    let root: UInt64
    let sender: Peer
    var pass: Pass
    /// What is to be synced before the sender is told; nil while there is more to come.
    var held: LogPosition?
}

/// The leftovers that one shard takes.
struct Taking {
    private(set) var takes: [Take] = []
    private(set) var counters = HandoverCounters()

    /// Leftovers that may wait to be taken.
    static let limit = 256

    // MARK: Events

    /// Another node offers what it is to be rid of.
    mutating func leftoverReceived(
        _ leftover: HandoverLeftover, from sender: Peer, _ here: Standpoint,
        isClearing: (UInt16) -> Bool
    ) {
        guard let topology = here.topology, leftover.epoch <= topology.epoch else { return }
        for entry in leftover.entries {
            // One that is only being filled cannot tell yet what was removed for good.
            guard here.view(of: entry.partition)?.readers.contains(here.local) == true,
                !isClearing(entry.partition),
                !takes.contains(where: {
                    $0.partition == entry.partition && $0.sender.node == sender.node
                })
            else { continue }
            guard takes.count < Self.limit else {
                counters.marks.occurred(.leftoverPutOff)
                return
            }
            var take = Take(
                partition: entry.partition, root: entry.root, sender: sender,
                pass: Pass(
                    partition: entry.partition, source: sender.node, epoch: leftover.epoch))
            if here.engine.tree(of: entry.partition)?.root == entry.root {
                counters.marks.occurred(.leftoverEqual)
                take.held = here.engine.appended
                here.engine.syncSoon()
            }
            takes.append(take)
        }
    }

    /// Lets go of what this node is no home of any more.
    mutating func topologyChanged(_ here: Standpoint, isClearing: (UInt16) -> Bool) {
        takes.removeAll {
            here.view(of: $0.partition)?.readers.contains(here.local) != true
                || isClearing($0.partition)
        }
    }

    /// The storage has lost some of these partitions.
    mutating func damageFound(in partitions: [UInt16]) {
        takes.removeAll { partitions.contains($0.partition) }
    }

    /// A source answers. Bytes that have come; nil where nothing is awaited.
    mutating func chunkReceived(
        _ chunk: HandoverChunk, from source: NodeID, _ here: Standpoint, at now: Instant,
        into effects: inout [HandoverEffect]
    ) -> Int? {
        guard let index = awaiting(chunk.number, of: chunk.partition, from: source) else {
            return nil
        }
        switch takes[index].pass.take(chunk, here) {
        case .merge(let entries):
            counters.objectsReceived += UInt64(entries.count)
            effects.append(
                .merge(entries, Partition(index: chunk.partition), number: chunk.number))
        case .empty: advanced(index, here)
        case .unreadable:
            counters.marks.occurred(.chunkUnreadable)
            takes[index].pass.fail(.bent, here.options, at: now)
        }
        counters.chunksReceived += 1
        counters.bytesReceived += UInt64(chunk.payload.count)
        return chunk.payload.count
    }

    /// The sender refuses what it has offered.
    mutating func refused(
        _ refusal: HandoverRefusal, from source: NodeID, _ here: Standpoint, at now: Instant
    ) {
        if let index = awaiting(refusal.number, of: refusal.partition, from: source) {
            takes[index].pass.fail(refusal.cause, here.options, at: now)
        }
    }

    /// A chunk is in the log, or is not.
    mutating func merged(
        _ number: UInt64, isComplete: Bool, _ here: Standpoint, at now: Instant
    ) {
        guard let index = takes.firstIndex(where: { $0.pass.number == number }),
            case .merging = takes[index].pass.step
        else { return }
        if isComplete {
            takes[index].pass.merged()
            advanced(index, here)
        } else {
            counters.marks.occurred(.mergeIncomplete)
            takes[index].pass.fail(.overload, here.options, at: now)
        }
    }

    /// What one has waited for is read.
    mutating func readCompleted(_ read: CompletedRead) {
        guard let index = takes.firstIndex(where: { $0.pass.step == .reading(read.ticket) }) else {
            return
        }
        takes[index].pass.readCompleted(read.result)
    }

    private mutating func advanced(_ index: Int, _ here: Standpoint) {
        guard takes[index].pass.isThrough else { return }
        takes[index].held = here.engine.appended
        here.engine.syncSoon()
    }

    private func awaiting(
        _ number: UInt64, of partition: UInt16, from source: NodeID
    ) -> Int? {
        takes.firstIndex {
            $0.partition == partition && $0.sender.node == source && $0.pass.number == number
        }
    }

    // MARK: Going on

    /// Whether somebody is told once the log is synced further.
    var awaitsSync: Bool { takes.contains { $0.held != nil } }

    /// Tells of what is synced, and lets go of what comes to nothing.
    mutating func settle(
        _ here: Standpoint, at now: Instant, into effects: inout [HandoverEffect]
    ) {
        for index in takes.indices where takes[index].pass.deadline <= now {
            counters.marks.occurred(.pullOverdue)
            takes[index].pass.fail(.source, here.options, at: now)
        }
        takes.removeAll { take in
            if let held = take.held, held <= here.engine.synced, let topology = here.topology {
                let taken = HandoverTaken(
                    epoch: topology.epoch, partition: take.partition, root: take.root)
                effects.append(.send(.taken(taken), to: take.sender))
                return true
            }
            return take.pass.isGivenUp || !here.isReachable(take.sender.node)
        }
    }

    /// Pulls under way, by whom they are from.
    func countLoad(_ load: inout [NodeID: Int]) -> Int {
        var count = 0
        for take in takes where take.pass.isBusy {
            load[take.pass.source, default: 0] += 1
            count += 1
        }
        return count
    }

    /// Asks for what is next, in the order in which it was offered.
    mutating func ask(
        _ here: Standpoint, under way: Int, _ numbers: inout UInt64, at now: Instant,
        into effects: inout [HandoverEffect]
    ) {
        var way = way
        for index in takes.indices where way < here.options.partitionsAtOnce {
            let take = takes[index]
            guard take.held == nil, take.pass.step == .idle, take.pass.notBefore <= now,
                let peer = here.peer(take.sender.node, serving: take.partition)
            else { continue }
            numbers += 1
            way += 1
            let pull = takes[index].pass.ask(numbers, here, at: now)
            if let pull { effects.append(.send(.pull(pull), to: peer)) }
        }
    }

    /// When something is overdue, or may be tried again.
    func nextWakeup(at now: Instant) -> Instant {
        takes.reduce(.never) { next, take in
            let retry =
                take.held == nil && take.pass.step == .idle && take.pass.notBefore > now
                ? take.pass.notBefore : .never
            return min(next, take.pass.deadline, retry)
        }
    }

    func checkInvariants() {
        invariant(takes.count <= Self.limit, "\(takes.count) leftovers wait")
        for take in takes {
            invariant(
                take.held == nil || !take.pass.isBusy, "\(take.partition) is held, and asked for")
        }
    }
}
