// One node's storage, ring and clock, for a part of anti-entropy that is driven by itself. Of the
// other homes there is only what the test says they tell.
import MartletBase
import MartletNode
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy

/// What a part of node 1 is handed with each event. Partition i has the homes i + 1, i + 2, i + 3
/// modulo 3: of four partitions node 1 is the first home of 0 and 3, the last of 1, between of 2.
struct PartStand {
    static let local = NodeID(rawValue: 1)
    static let second = Peer(NodeID(rawValue: 2))
    static let third = Peer(NodeID(rawValue: 3))

    let storage: OpenedStorage
    var here: Standpoint
    var times = SettledTimes()
    var random = SeededRandom(seed: 1)
    var now = Moment(instant: .start, wall: Cluster.wallStart)
    /// What was asked for since `take`.
    var effects: [AntiEntropyEffect] = []

    var engine: StorageEngine { storage.engine }

    /// A memtable of `flushBytes` makes a table.
    init(
        partitions: Int = 4, flushBytes: Int = 64 << 20,
        _ adjust: (inout AntiEntropyOptions) -> Void = { _ in }
    ) throws {
        var storageOptions = StorageOptions()
        storageOptions.digest = .object
        storageOptions.prewriteBytes = 0
        storageOptions.flushBytes = flushBytes
        storageOptions.memtableLimitBytes = 4 * flushBytes
        storage = try StorageEngine.open(disk: MemoryDisk(), options: storageOptions)
        var options = AntiEntropyOptions()
        adjust(&options)
        here = Standpoint(
            local: Self.local, shard: .only, options: options, engine: storage.engine)
        let nodes = [Self.local, Self.second.node, Self.third.node]
        here.topologyChanged(
            try Topology(
                epoch: 4, clusterName: "stand", clusterID: 7, secret: .drawn(by: &random),
                replicaCount: 3, partitionCount: #require(PartitionCount(partitions)),
                members: nodes.map { RingMember(id: $0, name: "\($0)", zone: "", weight: 1) },
                homeIndexes: (0..<partitions).flatMap { partition in
                    (0..<3).map { UInt16((partition + $0) % 3) }
                }))
        for node in nodes.dropFirst() { here.reachabilityChanged(node, of: 1, isReachable: true) }
        times.topologyChanged(here)
        sync()
    }

    mutating func pass(_ duration: Duration) {
        now.instant = now.instant + duration
        now.wall = WallTime(milliseconds: now.wall.milliseconds + UInt64(duration.milliseconds))
    }

    /// What was asked for.
    mutating func take() -> [AntiEntropyEffect] {
        defer { effects = [] }
        return effects
    }

    /// The one message that was asked to be sent, and to whom.
    mutating func takeMessage() throws -> (message: ExchangeMessage, to: Peer) {
        let effects = take()
        guard effects.count == 1, case .send(let message, let peer) = effects[0] else {
            throw Unexpected(effects: effects)
        }
        return (message, peer)
    }

    struct Unexpected: Error { var effects: [AntiEntropyEffect] }

    // MARK: Storage

    /// Does all that the engine asks for: the log is synced, tables are made, blocks are read.
    func sync() {
        while true {
            let events = storage.answers()
            for event in events {
                switch event {
                case .logAnswered(let outcome): engine.logAnswered(outcome)
                case .readsAnswered(let answers): engine.readsAnswered(answers)
                case .jobAnswered(let outcome): engine.jobAnswered(outcome)
                default: Issue.record("\(event)")
                }
            }
            if events.isEmpty { return }
        }
    }

    /// The one read that is complete once the blocks that it asks for are there.
    func completedRead() throws -> CompletedRead {
        sync()
        let reads = engine.takeCompleted()
        try #require(reads.count == 1)
        return reads[0]
    }

    /// Holds `object`; not synced yet. Its digest.
    @discardableResult
    func hold(_ object: Object, _ key: String, in partition: UInt16 = 0) throws -> UInt64 {
        let key = StorageKey.object(partition: partition, key: Bytes(text: key))
        var batch = WriteBatch()
        batch.put(key, object.encoded(), replacing: nil)
        try engine.write(batch)
        return object.digest(keyHash: key.hash)
    }

    /// Notes that `key` may be removed; not synced yet.
    func note(
        _ key: String, in partition: UInt16 = 0, from: WallTime = WallTime(milliseconds: 0),
        horizon: HybridTimestamp
    ) throws {
        var batch = WriteBatch()
        batch.put(
            StorageKey.object(partition: partition, key: Bytes(text: key)).removable,
            Removable(from: from, horizon: horizon).bytes)
        try engine.write(batch)
    }

    /// The leaf that a key lies in, in a tree of the first depth.
    func leaf(of key: String, in partition: UInt16 = 0) -> UInt16 {
        let key = StorageKey.object(partition: partition, key: Bytes(text: key))
        return UInt16(MerkleTree.leafIndex(of: key.hash, depth: depth))
    }

    /// The depth of a tree of few objects.
    var depth: Int { engine.tree(of: 0)?.depth ?? 0 }

    func root(of partition: UInt16) -> UInt64 { engine.tree(of: partition)?.root ?? 0 }
}
