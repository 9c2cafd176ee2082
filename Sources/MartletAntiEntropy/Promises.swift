// Promises: each node tells all others up to which time it has nothing new to bring. Below the
// floor that a node has promised no write of its is new any more, and where no node keeps hints,
// none is on its way either.
//
//     a time behind the clock ─► written ─► synced ─► told to all, with where hints are kept now
//
// A promise is synced before it is told, so that no restart, whatever the clock says then, takes it
// back; and it is told with the hints of that moment, so that whatever is older than its floor and
// was handed to this node for somebody else is either there to be seen, or has arrived.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The promise of this node in the making, and the latest of each node.
struct Promises {
    /// Why nothing can be proven of a partition.
    enum Obstacle: Error, Hashable {
        /// That node has promised nothing yet, or not since it was told of the present homes.
        case silent(NodeID)
        /// That node keeps hints in the partition.
        case hinting(NodeID)
    }

    /// What this node has bound itself to, in this life or an earlier one.
    private(set) var floor = HybridTimestamp(bits: 0)
    /// The promise that waits to be synced, and where the log holds it.
    private var pending: (floor: HybridTimestamp, position: LogPosition)?
    /// The latest of each peer that has told one, this shard included.
    private var told: [Peer: Promise] = [:]
    /// When the node binds itself further.
    private(set) var next = Instant.never
    private(set) var counters = AntiEntropyCounters()

    static let floorKey = StorageKey.state("floor")
    /// How far beyond the node that has promised least any other may.
    private static let leadLimit = Duration.seconds(600)

    /// What the storage remembers of this node; nothing of others.
    init(from engine: StorageEngine) {
        if case .found(let bytes) = engine.get(Self.floorKey) { floor = SettledTimes.decode(bytes) }
    }

    // MARK: Events

    mutating func start(
        _ options: AntiEntropyOptions, at now: Moment, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        effects.append(.promise(floor))
        next = now.instant + random.duration(in: Duration.zero...options.promiseInterval)
    }

    /// Binds the node when it is time; the others hear of it once that is synced.
    mutating func tick(
        _ here: Standpoint, at now: Moment, using random: inout SeededRandom,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard now.instant >= next else { return }
        let interval = here.options.promiseInterval
        next = now.instant + random.duration(in: interval * 3 / 4...interval * 5 / 4)
        guard here.clock.mayPromise, here.topology != nil, pending == nil,
            here.engine.refusal == nil
        else { return }
        let behind = HybridTimestamp(now.wall.earlier(by: here.options.promiseLag))
        let bound = boundOfOthers(here)
        counters.marks.occurred(.promiseHeldBack, if: bound < behind)
        floor = max(floor, min(behind, bound))
        effects.append(.promise(floor))
        var batch = WriteBatch()
        Self.put(floor, in: &batch)
        // A storage that takes no writes promises nothing; the next time it may.
        guard let position = try? here.engine.write(batch, isSynced: true) else {
            return counters.marks.occurred(.promiseRefused)
        }
        pending = (floor, position)
    }

    /// Another node has promised.
    mutating func received(
        _ promise: Promise, from sender: Peer, into effects: inout [AntiEntropyEffect]
    ) {
        take(promise, of: sender)
        effects.append(.observe(promise.floor))
    }

    /// `node` is divided otherwise than before: what it told as it was is no longer looked for.
    mutating func forget(_ node: NodeID) { told = told.filter { $0.key.node != node } }

    /// Whether what the node has bound itself to is synced and nobody has heard of it yet.
    func hasOneToTell(synced: LogPosition) -> Bool {
        pending.map { synced >= $0.position } ?? false
    }

    /// Tells all others what the node has bound itself to, if that is synced, and in which
    /// partitions it keeps hints at this moment.
    mutating func tell(
        hinted: [UInt16], _ here: Standpoint, into effects: inout [AntiEntropyEffect]
    ) {
        guard hasOneToTell(synced: here.engine.synced), let ready = pending,
            let topology = here.topology
        else { return }
        pending = nil
        let promise = Promise(floor: ready.floor, hinted: hinted, epoch: topology.epoch)
        take(promise, of: Peer(here.local, here.shard))
        for member in topology.members where member.id != here.local {
            for peer in here.peers(of: member.id) {
                effects.send(.promise(promise), to: peer, counting: &counters)
            }
        }
    }

    // MARK: What is promised

    /// Up to which time a partition could be proven settled, were its homes equal.
    func provable(
        _ partition: UInt16, _ here: Standpoint
    ) -> Result<HybridTimestamp, Obstacle> {
        floor(of: partition, among: here.topology?.members.map(\.id) ?? [], here)
    }

    /// Up to where all `nodes` have promised, none of them with hints in `partition`: no version as
    /// old can be anywhere but at the homes. O(nodes log hints).
    func floor(
        of partition: UInt16, among nodes: [NodeID], _ here: Standpoint
    ) -> Result<HybridTimestamp, Obstacle> {
        var least: HybridTimestamp?
        for node in nodes {
            guard let promise = told[here.peer(node, serving: partition)],
                promise.epoch >= here.epoch(of: partition)
            else { return .failure(.silent(node)) }
            let index = promise.hinted.partitionIndex { $0 < partition }
            if index < promise.hinted.count, promise.hinted[index] == partition {
                return .failure(.hinting(node))
            }
            least = min(least ?? promise.floor, promise.floor)
        }
        return .success(least ?? HybridTimestamp(bits: 0))
    }

    /// Takes in what `peer` has promised. One that is older than the last was overtaken.
    private mutating func take(_ promise: Promise, of peer: Peer) {
        if let known = told[peer], known.floor > promise.floor { return }
        told[peer] = promise
    }

    /// No further than this beyond the node that has promised least: more would prove nothing, and
    /// a clock that has jumped ahead would bind this node to a time that no other believes.
    private func boundOfOthers(_ here: Standpoint) -> HybridTimestamp {
        let others = here.topology?.members.map(\.id).filter { $0 != here.local } ?? []
        guard let least = others.flatMap(here.peers).compactMap({ told[$0]?.floor }).min() else {
            return HybridTimestamp(bits: .max)
        }
        let lead = UInt64(Self.leadLimit.milliseconds)
        return HybridTimestamp(WallTime(milliseconds: least.wall.milliseconds + lead))
    }

    /// Has `batch` bind the node to `floor`.
    static func put(_ floor: HybridTimestamp, in batch: inout WriteBatch) {
        var writer = ByteWriter(capacity: 8)
        writer.write(floor.bits)
        batch.put(floorKey, writer.take())
    }

    func checkInvariants(_ here: Standpoint) {
        if let pending {
            invariant(pending.floor == floor, "\(pending.floor) is on its way, bound to \(floor)")
            invariant(pending.position <= here.engine.appended, "a promise beyond the log")
        }
        if let own = told[Peer(here.local, here.shard)] {
            invariant(own.floor <= floor, "told \(own.floor), bound to \(floor)")
        }
    }
}
