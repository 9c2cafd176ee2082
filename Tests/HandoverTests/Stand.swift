// Some nodes that hand partitions over to each other: engines over disks in memory, a network in
// memory, virtual time. What a node around would do is done by hand: objects are merged, partitions
// dropped. Every message takes a millisecond unless it is lost.
import MartletBase
import MartletHandover
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

/// One shard of a node, with its storage.
struct Part {
    let node: Int
    let shard: Shard
    let disk: MemoryDisk
    var storage: OpenedStorage
    var handover: Handover
    var isUp = true
    var isStarted = false
    var topology: Topology?
    /// What it was told to be filled.
    var toldFilled = 0
    /// Up to where the log holds what was merged last, by partition.
    var mergedUpTo: [UInt16: LogPosition] = [:]

    var engine: StorageEngine { storage.engine }
    var peer: Peer { Peer(Stand.id(node), shard) }
}

struct Stand {
    static let wall = WallTime(milliseconds: 1_700_000_000_000)
    static let latency = Duration.milliseconds(1)

    struct Sent {
        var from: Peer
        var to: Peer
        var message: HandoverMessage
    }

    private struct Flying {
        var at: Instant
        var number: Int
        var sent: Sent
    }

    var parts: [Part] = []
    let partitionCount: PartitionCount
    let options: HandoverOptions
    var now = Instant.start
    var sent: [Sent] = []
    /// What becomes of a message: how often it arrives, and as what.
    var fate: (Sent, inout SeededRandom) -> [HandoverMessage] = { sent, _ in [sent.message] }
    /// What a chunk brings that was here and was removed: it is not taken in.
    var isStale: (Bytes) -> Bool = { _ in false }
    /// Whether the storage takes nothing of a chunk.
    var refusesMerges: () -> Bool = { false }
    /// Whether the storage takes no drop.
    var refusesDrops: () -> Bool = { false }
    /// What happens before each message arrives.
    var meanwhile: (inout Stand) -> Void = { _ in }
    var random: SeededRandom
    private var flying: [Flying] = []
    private var count = 0
    private let secret: ClusterSecret

    static func id(_ node: Int) -> NodeID { NodeID(rawValue: UInt64(node + 1)) }

    /// Nodes of so many shards each.
    init(
        shards: [Int], partitions: Int = 4, seed: UInt64 = 1,
        _ adjust: (inout HandoverOptions) -> Void = { _ in }
    ) throws {
        partitionCount = try #require(PartitionCount(partitions))
        random = SeededRandom(seed: seed, stream: "stand")
        secret = .drawn(by: &random)
        var options = HandoverOptions()
        adjust(&options)
        self.options = options
        for (node, count) in shards.enumerated() {
            for index in 0..<count {
                let shard = Shard(index: index, of: count)
                let disk = MemoryDisk()
                let storage = try Self.open(disk)
                let handover = Handover(
                    local: Self.id(node), shard: shard, options: options, engine: storage.engine,
                    random: SeededRandom(seed: random.next()))
                parts.append(
                    Part(
                        node: node, shard: shard, disk: disk, storage: storage,
                        handover: handover))
            }
        }
        for part in parts.indices { sync(part) }
    }

    init(
        _ nodes: Int, partitions: Int = 4, seed: UInt64 = 1,
        _ adjust: (inout HandoverOptions) -> Void = { _ in }
    ) throws {
        try self.init(
            shards: Array(repeating: 1, count: nodes), partitions: partitions, seed: seed, adjust)
    }

    private static func open(_ disk: MemoryDisk) throws -> OpenedStorage {
        var options = StorageOptions()
        options.digest = EntryDigest("object") { Object.digest(keyHash: $0, $1) }
        options.prewriteBytes = 0
        options.flushBytes = 64 << 10
        options.memtableLimitBytes = 1 << 20
        options.blockCacheBytes = 64 << 10
        return try StorageEngine.open(disk: disk, options: options)
    }

    // MARK: The ring

    /// A ring of which all partitions have these homes, and move there from `former`, if any.
    func ring(
        _ epoch: UInt64, homes: [Int], former: [Int] = [], since: UInt64 = 0
    ) throws -> Topology {
        let nodes = Set(parts.map(\.node)).sorted()
        return try Topology(
            epoch: epoch, clusterName: "stand", clusterID: 7, secret: secret,
            replicaCount: homes.count, partitionCount: partitionCount,
            members: nodes.map {
                RingMember(id: Self.id($0), name: "n\($0)", zone: "", weight: 1)
            },
            homeIndexes: partitionCount.partitions.flatMap { _ in homes.map { UInt16($0) } },
            moves: former.isEmpty
                ? []
                : partitionCount.partitions.map {
                    PartitionMove(
                        partition: $0, former: former.map { Self.id($0) }, since: since)
                })
    }

    /// All nodes, or some, learn a ring.
    mutating func learn(_ topology: Topology, only nodes: [Int]? = nil) {
        for part in parts.indices
        where parts[part].isUp && nodes?.contains(parts[part].node) != false {
            parts[part].topology = topology
            act(part) { $0.topologyChanged(topology, at: $1, into: &$2) }
        }
    }

    /// All nodes begin, and reach each other.
    mutating func start() {
        for part in parts.indices { begin(part) }
    }

    private mutating func begin(_ part: Int) {
        act(part) { $0.start(at: $1, into: &$2) }
        parts[part].isStarted = true
        for other in parts.indices where parts[other].isUp && parts[other].isStarted {
            link(part, other, isOpen: true)
        }
    }

    private mutating func link(_ one: Int, _ other: Int, isOpen: Bool) {
        guard parts[one].node != parts[other].node else { return }
        for (here, there) in [(one, other), (other, one)] where parts[here].isUp {
            let peer = parts[there].peer
            act(here) {
                $0.reachabilityChanged(
                    peer.node, of: peer.shard.count, isReachable: isOpen, at: $1, into: &$2)
            }
        }
    }

    /// A node is gone; what it had synced stays.
    mutating func crash(_ node: Int) {
        for part in parts.indices where parts[part].node == node {
            parts[part].disk.crash(.everything, random: &random)
            parts[part].disk.unlock()
            parts[part].isUp = false
            parts[part].isStarted = false
            for other in parts.indices where parts[other].isUp { link(other, part, isOpen: false) }
        }
    }

    /// A node that is gone is back, and knows the ring that it had known.
    mutating func restart(_ node: Int) throws {
        for part in parts.indices where parts[part].node == node {
            parts[part].storage = try Self.open(parts[part].disk)
            parts[part].handover = Handover(
                local: Self.id(node), shard: parts[part].shard, options: options,
                engine: parts[part].engine, random: SeededRandom(seed: random.next()))
            parts[part].isUp = true
            parts[part].mergedUpTo = [:]
            sync(part)
            if let topology = parts[part].topology {
                act(part) { $0.topologyChanged(topology, at: $1, into: &$2) }
            }
            begin(part)
        }
    }

    // MARK: Objects

    /// The part of `node` that serves the partition of `key`.
    func part(_ node: Int, _ key: String) throws -> Int {
        let partition = partitionCount.partition(of: Slot(ofKey: Bytes(text: key)))
        return try #require(
            parts.firstIndex {
                $0.node == node && $0.shard.serves(partition, of: partitionCount)
            })
    }

    func storageKey(_ key: Bytes) -> StorageKey {
        .object(
            partition: partitionCount.partition(of: Slot(ofKey: key)).index, key: key)
    }

    /// `node` writes a version of `key`, named by `dot`, which replaces what it has seen.
    mutating func put(_ node: Int, _ key: String, _ value: Bytes = [1], dot: UInt64 = 1) throws {
        let part = try part(node, key)
        var object = held(node, key)
        object.record(
            Sibling(
                dot: Dot(actor: Actor(node: Self.id(node), incarnation: 1), counter: dot),
                timestamp: HybridTimestamp(Self.wall), content: .value(value)),
            seen: object.context)
        #expect(merge(object, Bytes(text: key), at: part))
    }

    /// What `node` holds of `key`.
    func held(_ node: Int, _ key: String) -> Object {
        guard let part = try? part(node, key),
            case .found(let bytes) = parts[part].engine.getNow(storageKey(Bytes(text: key)))
        else { return Object() }
        return (try? Object(encoding: bytes)) ?? Object()
    }

    /// Whether `node` holds anything of `key`.
    func holds(_ node: Int, _ key: String) -> Bool { !held(node, key).isEmpty }

    mutating func merge(_ object: Object, _ key: Bytes, at part: Int) -> Bool {
        let key = storageKey(key)
        var old: Bytes?
        if case .found(let bytes) = parts[part].engine.getNow(key) { old = bytes }
        var merged = old.flatMap { try? Object(encoding: $0) } ?? Object()
        merged.merge(object)
        if merged.encoding == old { return true }
        var batch = WriteBatch()
        batch.put(key, merged.encoded(), replacing: old)
        if (try? parts[part].engine.write(batch)) != nil { return true }
        // Its tables are behind: they are made first.
        sync(part)
        return (try? parts[part].engine.write(batch)) != nil
    }

    /// All that two nodes hold is the same.
    func isSame(_ one: Int, _ other: Int) throws -> Bool {
        for partition in partitionCount.partitions {
            let roots = parts.filter {
                [one, other].contains($0.node) && $0.shard.serves(partition, of: partitionCount)
            }.map { $0.engine.tree(of: partition.index)?.root }
            if Set(roots).count != 1 { return false }
        }
        return true
    }

    func count(_ node: Int) -> Int {
        parts.filter { $0.node == node }.reduce(0) { sum, part in
            sum
                + partitionCount.partitions.reduce(0) {
                    $0 + (part.engine.tree(of: $1.index)?.count ?? 0)
                }
        }
    }

    // MARK: Time

    var moment: Moment { Moment(instant: now, wall: Self.wall) }

    /// Does what the storage of a part asks for, and hands on what has come of it.
    mutating func sync(_ part: Int) {
        let storage = parts[part].storage
        while true {
            var work = StorageWork()
            storage.engine.ask(into: &work)
            var isDone = true
            if !work.chunks.isEmpty {
                storage.engine.logAnswered(storage.log.commit(work.chunks))
                isDone = false
            }
            if !work.reads.isEmpty {
                storage.engine.readsAnswered(work.reads.map { $0.run(storage.files) })
                isDone = false
            }
            for job in work.jobs { storage.worker.submit(job) }
            while let outcome = storage.worker.step() {
                storage.engine.jobAnswered(outcome)
                isDone = false
            }
            if isDone { return }
        }
    }

    /// Has a part do something, and does what it asks for.
    mutating func act(
        _ part: Int,
        _ body: (inout Handover, Moment, inout [HandoverEffect]) -> Void
    ) {
        var effects: [HandoverEffect] = []
        body(&parts[part].handover, moment, &effects)
        carryOut(effects, of: part)
        parts[part].handover.checkInvariants()
        var reads: [CompletedRead] = []
        repeat {
            sync(part)
            reads = parts[part].engine.takeCompleted()
            var later: [HandoverEffect] = []
            for read in reads {
                parts[part].handover.readCompleted(read, at: moment, into: &later)
            }
            parts[part].handover.logAdvanced(at: moment, into: &later)
            carryOut(later, of: part)
            if !later.isEmpty { sync(part) }
        } while !reads.isEmpty || parts[part].engine.hasCompletedReads
        parts[part].handover.checkInvariants()
    }

    private mutating func carryOut(_ effects: [HandoverEffect], of part: Int) {
        var later: [HandoverEffect] = []
        for effect in effects {
            switch effect {
            case .send(let message, let peer):
                if case .taken(let taken) = message { expectSynced(taken.partition, at: part) }
                let record = Sent(from: parts[part].peer, to: peer, message: message)
                sent.append(record)
                for message in fate(record, &random) {
                    count += 1
                    var record = record
                    record.message = message
                    let jitter = Duration.microseconds(random.below(100))
                    flying.append(
                        Flying(at: now + Self.latency + jitter, number: count, sent: record))
                }
            case .merge(let entries, let partition, let number):
                var isComplete = true
                if refusesMerges() { isComplete = false }
                for entry in entries where isComplete && !isStale(entry.key) {
                    #expect(storageKey(entry.key).partition == partition.index)
                    if !merge(entry.object, entry.key, at: part) { isComplete = false }
                }
                parts[part].mergedUpTo[partition.index] = parts[part].engine.appended
                parts[part].handover.merged(
                    number, isComplete: isComplete, at: moment, into: &later)
            case .drop(let partition):
                if refusesDrops() { continue }
                var batch = WriteBatch()
                batch.drop(.objects, partition: partition.index)
                #expect((try? parts[part].engine.write(batch)) != nil)
                parts[part].handover.dropped(at: moment, into: &later)
            case .filled:
                parts[part].toldFilled += 1
                for (partition, _) in parts[part].handover.filled {
                    expectSynced(partition.index, at: part)
                }
            }
        }
        if !later.isEmpty { carryOut(later, of: part) }
    }

    /// What was merged of the partition is on disk.
    private func expectSynced(_ partition: UInt16, at part: Int) {
        let position = parts[part].mergedUpTo[partition] ?? .start
        #expect(position <= parts[part].engine.synced)
    }

    /// Time passes until `isDone`, at the most so long. Whether it is.
    @discardableResult
    mutating func run(
        for limit: Duration = .seconds(600), until isDone: (Stand) -> Bool = { _ in false }
    ) -> Bool {
        let end = now + limit
        while !isDone(self) {
            let wakeup = parts.indices.filter { parts[$0].isUp }
                .map { (at: max(parts[$0].handover.nextWakeup, now), part: $0) }
                .min { ($0.at, $0.part) < ($1.at, $1.part) }
            let message = flying.min { ($0.at, $0.number) < ($1.at, $1.number) }
            if let message, message.at <= wakeup?.at ?? .never {
                if message.at > end { break }
                flying.removeAll { $0.number == message.number }
                now = max(now, message.at)
                arrive(message.sent)
            } else if let wakeup, wakeup.at <= end {
                now = wakeup.at
                act(wakeup.part) { $0.tick(at: $1, into: &$2) }
                if parts[wakeup.part].handover.nextWakeup <= now { now = now + .microseconds(100) }
            } else {
                break
            }
        }
        if !isDone(self) { now = max(now, end) }
        return isDone(self)
    }

    private mutating func arrive(_ record: Sent) {
        meanwhile(&self)
        guard let to = parts.firstIndex(where: { $0.peer == record.to }), parts[to].isUp else {
            return
        }
        act(to) { $0.messageReceived(record.message, from: record.from, at: $1, into: &$2) }
    }

    // MARK: What is so

    /// Whether all shards of `node` are filled for all their partitions.
    func isFilled(_ node: Int) -> Bool {
        let filled = parts.filter { $0.node == node }.reduce(0) { $0 + $1.handover.filled.count }
        return filled == partitionCount.value
    }

    func counters(_ node: Int) -> HandoverCounters {
        parts.first { $0.node == node }?.handover.counters ?? HandoverCounters()
    }
}

extension Stand {
    /// `node` holds what `writer` has written.
    mutating func put(_ writer: Int, _ key: String, _ value: Bytes, to node: Int) throws {
        var object = Object()
        object.record(
            Sibling(
                dot: Dot(actor: Actor(node: Self.id(writer), incarnation: 1), counter: 1),
                timestamp: HybridTimestamp(Self.wall), content: .value(value)),
            seen: Context())
        try #expect(merge(object, Bytes(text: key), at: part(node, key)))
    }

    /// What `node` holds in a partition.
    func entries(_ node: Int, _ partition: UInt16) throws -> [ScanPage.Entry] {
        let part = try #require(parts.firstIndex { $0.node == node })
        return try parts[part].engine.scanNow(
            .objects, partitions: partition...partition, limitBytes: 1 << 30
        ).entries
    }

    /// `node` holds a copy of what another holds.
    mutating func copy(_ entry: ScanPage.Entry, to node: Int) throws {
        let object = try Object(encoding: entry.value)
        try #expect(merge(object, entry.key.key, at: part(node, entry.key.key.text)))
    }
}

extension Stand: CustomReflectable, CustomTestStringConvertible {
    // A test that fails is not to print all disks.
    var customMirror: Mirror { Mirror(self, children: []) }
    var testDescription: String { "stand at \(now.nanoseconds) ns" }
}
