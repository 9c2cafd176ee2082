// The data of a stopped node, divided anew: read from the storages of its shards in key order, and
// written to those of another number of shards. What belongs to a partition goes to the shard that
// serves it now; what binds the node as a whole binds each of them.
//
//     state of all sources ─► identity, ring, actors, floors ─► first batch of each target
//     objects, hints, removables of each source ─► by partition ─► targets
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletRing
public import MartletStorage
internal import MartletVersions

/// Why a node's data could not be divided anew.
public enum ReshardingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No node has ever kept anything there.
    case empty
    /// Something does not read back.
    case damaged(String)
    /// What was written down of the node does not read back.
    case node(NodeStateError)
    /// A new storage refuses what it is to hold.
    case refused(WriteRefusal)
    /// The log of a new storage cannot be written.
    case log(DiskError)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .empty: "no node has kept anything there"
        case .damaged(let what):
            "\(what): start the node and wait until its replicas have repaired it "
                + "('martlet status'), or let it go on in place with an empty directory "
                + "('martlet start --in-place-of')"
        case .node(let error): error.description
        case .refused(let refusal): "the new storage refuses what it is to hold: \(refusal)"
        case .log(let error): "the log of the new storage cannot be written: \(error)"
        }
    }
}

/// Divides what the shards of one node have stored among the shards of another number.
public struct Resharding {
    /// How far it has come.
    public struct Progress: Hashable, Sendable {
        /// Partitions that are done.
        public var partitions: Int
        /// How many there are; 0 where the node was never of a ring.
        public var partitionCount: Int
        /// Entries written.
        public var entries: Int
    }

    /// Bytes that are gathered for one target before they are written.
    private static let batchBytes = 256 << 10

    private let sources: [StorageInspection]
    private let targets: [OpenedStorage]
    private var batches: [WriteBatch]
    private var topology: Topology?
    private var owner: Bytes = []
    private var entryCount = 0

    /// From `sources`, the shards' storages as they are, to `targets`, which are new and empty.
    public init(from sources: [StorageInspection], to targets: [OpenedStorage]) {
        self.sources = sources
        self.targets = targets
        batches = targets.map { _ in WriteBatch() }
    }

    /// Reads and writes everything, and syncs it; tells `progress` after each partition. Blocks.
    /// O(bytes).
    public mutating func run(_ progress: (Progress) -> Void) throws(ReshardingError) {
        try writeState()
        var done = 0
        for source in sources {
            var last: UInt16?
            try walk(source, [.objects, .hints, .removable]) {
                (resharding, entry) throws(ReshardingError) in
                let partition = entry.key.partition
                if entry.key.space == .objects, partition != last {
                    if last != nil { done += 1 }
                    last = partition
                    progress(resharding.standing(done))
                }
                try resharding.carry(entry, of: partition)
            }
            if last != nil { done += 1 }
        }
        for index in targets.indices { try finish(index) }
        progress(standing(topology?.partitionCount.value ?? 0))
    }

    private func standing(_ partitions: Int) -> Progress {
        Progress(
            partitions: partitions, partitionCount: topology?.partitionCount.value ?? 0,
            entries: entryCount)
    }

    private mutating func carry(
        _ entry: ScanPage.Entry, of partition: UInt16
    ) throws(ReshardingError) {
        guard let count = topology?.partitionCount, Int(partition) < count.value else {
            throw .damaged("partition \(partition) is of no ring")
        }
        let index = Shard.index(
            of: Partition(index: partition), of: count, among: targets.count)
        if entry.key.space == .objects {
            batches[index].put(entry.key, entry.value, replacing: nil)
        } else {
            batches[index].put(entry.key, entry.value)
        }
        entryCount += 1
        if batches[index].byteCount >= Self.batchBytes { try write(index) }
    }

    // MARK: What the node has written down of itself

    private mutating func writeState() throws(ReshardingError) {
        var state = NodeLedger()
        for source in sources {
            if let range = source.survey().damagedRanges.first { throw .damaged("\(range)") }
            try walk(source, [.state]) { (_, entry) throws(ReshardingError) in
                try state.take(entry)
            }
        }
        guard let identity = state.identity else { throw .empty }
        topology = state.topology
        owner = identity.encoded()
        for index in targets.indices {
            let shard = Shard(index: index, of: targets.count)
            batches[index].put(identity)
            if shard.count > 1 { batches[index].put(shard) }
            if let topology { batches[index].put(topology) }
            if index == 0 {
                for vote in state.votes { batches[index].put(vote.key, vote.value) }
            }
            if let actor = state.actor { batches[index].put(actor) }
            state.settling.put(in: &batches[index]) { [topology] partition in
                guard let count = topology?.partitionCount else { return false }
                return shard.serves(Partition(index: partition), of: count)
            }
        }
    }

    /// What the state spaces of all shards say.
    private struct NodeLedger {
        var identity: NodeIdentity?
        var topology: Topology?
        /// None of the node's shards has used a later incarnation: each goes on with one beyond.
        var actor: ActorRecord?
        var settling = SettlingLedger()
        /// What binds the node in decisions on rings, which the first shard keeps.
        var votes: [(key: StorageKey, value: Bytes)] = []

        mutating func take(_ entry: ScanPage.Entry) throws(ReshardingError) {
            let found: StateEntry?
            do throws(FormatError) {
                found = try StateEntry(name: entry.key.key, value: entry.value)
            } catch { throw .node(.unreadable(entry: entry.key.key.text, error)) }
            switch found {
            case .identity(let stored): identity = identity ?? stored
            case .actor(let name, let incarnation, _):
                var record = ActorRecord(
                    incarnation: max(incarnation, actor?.incarnation ?? 0), counter: nil)
                record.name = actor?.name ?? name
                actor = record
            case .topology(let stored):
                if stored.epoch >= topology?.epoch ?? 0 { topology = stored }
            case .settling(let entry): settling.take(entry)
            case .vote: votes.append((entry.key, entry.value))
            // One whose state is not known is handed back and filled anew.
            case .shard, .fill: return
            case nil:
                throw .damaged("'\(entry.key.key.text)' is written by a build that is newer")
            }
        }
    }

    // MARK: Reading and writing

    private mutating func walk(
        _ source: StorageInspection, _ spaces: [StorageKey.Space],
        _ body: (inout Resharding, ScanPage.Entry) throws(ReshardingError) -> Void
    ) throws(ReshardingError) {
        var filter = EntryFilter()
        filter.spaces = spaces
        let walk: EntryWalk
        do { walk = try EntryWalk(source, filter) } catch { throw .damaged("\(error)") }
        while let entry = walk.next() { try body(&self, entry) }
        if let damage = walk.damage.first { throw .damaged("\(damage)") }
    }

    private mutating func write(_ index: Int) throws(ReshardingError) {
        let batch = batches[index]
        batches[index] = WriteBatch()
        do throws(WriteRefusal) { try targets[index].engine.write(batch) } catch {
            // Flushes are behind.
            try settle(index)
            do throws(WriteRefusal) { try targets[index].engine.write(batch) } catch {
                throw .refused(error)
            }
        }
        try settle(index)
    }

    /// Does what a storage asks of its log and its background.
    private func settle(_ index: Int) throws(ReshardingError) {
        let target = targets[index]
        for event in target.answers() {
            switch event {
            case .logAnswered(let outcome):
                if case .full(let error) = outcome { throw .log(error) }
                if case .failed(let error) = outcome { throw .log(error) }
                target.engine.logAnswered(outcome)
            case .jobAnswered(let outcome): target.engine.jobAnswered(outcome)
            default: invariant(false, "a storage without reads has answered \(event)")
            }
        }
    }

    private mutating func finish(_ index: Int) throws(ReshardingError) {
        try write(index)
        let log = targets[index].log
        for outcome in [log.sync(), log.note(owner: owner), log.close()] {
            switch outcome {
            case .written, .synced: continue
            case .full(let error), .failed(let error): throw .log(error)
            }
        }
    }
}
