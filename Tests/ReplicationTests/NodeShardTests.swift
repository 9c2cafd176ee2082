// A node of several shards: who each is across restarts, and how all come to know what the first
// has decided.
import MartletBase
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletNode

/// A node of several shards, each over a disk in memory.
struct ShardedHost {
    let storages: [OpenedStorage]
    var cores: [NodeCore]
    let now: Moment

    init(
        _ disks: [MemoryDisk], name: String = "n1", seed: UInt64 = 1, inPlaceOf: NodeID? = nil
    ) throws {
        now = Moment(instant: .start, wall: Stage.wallStart)
        storages = try disks.map { try StorageEngine.open(disk: $0, options: .roomy) }
        let endpoint = Endpoint(host: "127.0.0.1", port: 7_401)
        var configuration = NodeConfiguration(
            clusterName: "stage", name: name, zone: "", peerEndpoint: endpoint,
            clientEndpoint: Endpoint(host: "127.0.0.1", port: 7_400), seeds: [endpoint])
        configuration.inPlaceOf = inPlaceOf
        do {
            cores = try NodeCore.open(
                configuration, engines: storages.map(\.engine), seed: seed, at: now)
        } catch {
            for storage in storages { _ = storage.log.close() }
            throw error
        }
        for index in cores.indices {
            sync(index)
            _ = turn(.started, at: index)
        }
    }

    func sync(_ index: Int) {
        let log = storages[index].log
        _ = log.commit(storages[index].engine.takeChunks())
        storages[index].engine.logAnswered(log.sync())
    }

    mutating func turn(_ event: NodeEvent, at index: Int) -> Work {
        var work = Work()
        cores[index].turn(event, at: now, into: &work)
        for chunk in work.storage.chunks { _ = storages[index].log.commit([chunk]) }
        return work
    }

    /// Makes a cluster of this node alone; the view that the others are to be told.
    mutating func create() -> ControlView? {
        var entropy = SeededRandom(seed: 1)
        let request = CreationRequest(
            memberCount: 1, secret: .drawn(by: &entropy), replicaCount: 1)
        let work = turn(.operatorAsked(RequestID(rawValue: 1), .create(request)), at: 0)
        return work.view
    }

    func crash() {
        for storage in storages { _ = storage.log.close() }
    }
}

@Suite("Shards of a node") struct NodeShardTests {
    private static func disks(_ count: Int) -> [MemoryDisk] {
        (0..<count).map { _ in MemoryDisk() }
    }

    @Test("Shards write under one name, and no two under one incarnation, at any restart")
    func actors() throws {
        let disks = Self.disks(4)
        var seen: Set<Actor> = []
        var id: NodeID?
        for seed in UInt64(1)...5 {
            let host = try ShardedHost(disks, seed: seed)
            for core in host.cores {
                #expect(core.dots.actor.node == host.cores[0].identity.id)
                #expect(seen.insert(core.dots.actor).inserted, "\(core.dots.actor) twice")
            }
            #expect(id == nil || id == host.cores[0].identity.id)
            id = host.cores[0].identity.id
            host.crash()
        }
    }

    @Test("The first shard decides, and the others serve once they are told")
    func viewIsTold() throws {
        var host = try ShardedHost(Self.disks(2))
        let created = host.create()
        let view = try #require(created)
        #expect(host.cores[0].topology != nil)
        #expect(host.cores[1].topology == nil)
        let work = host.turn(.viewChanged(view), at: 1)
        #expect(work.view == nil)
        #expect(host.cores[1].topology == host.cores[0].topology)
        #expect(try host.storages[1].engine.loadTopology() == view.topology)

        let topology = try #require(view.topology)
        for number in 0..<40 {
            let key = Bytes(text: "key-\(number)")
            let serving = Shard.index(
                of: topology.partition(ofKey: key), of: topology.partitionCount, among: 2)
            for index in 0..<2 {
                let request = ClientRequest(
                    key: key,
                    operation: .put(
                        Mutation(content: .value(key), causality: .coordinator), WriteOptions()))
                let id = RequestID(rawValue: UInt64(2 * number + index))
                let answers = host.turn(.requestReceived(id, request), at: index).outbox.answers
                let isRefused = answers.contains {
                    if case .failed(.noTopology) = $0.answer { true } else { false }
                }
                #expect(isRefused == (index != serving), "\(key.text) at \(index)")
            }
        }
        #expect(host.cores.reduce(0) { $0 + Int($1.dots.counter) } == 40)
    }

    @Test("A shard that starts knows the ring at once")
    func restart() throws {
        let disks = Self.disks(3)
        var host = try ShardedHost(disks)
        let created = host.create()
        let view = try #require(created)
        for index in 1..<3 { _ = host.turn(.viewChanged(view), at: index) }
        host.crash()
        let second = try ShardedHost(disks, seed: 2)
        #expect(second.cores.allSatisfy { $0.topology == view.topology })
    }

    // MARK: Directories that do not fit

    @Test("A directory of another number of shards is refused, and says how many it has")
    func otherCount() throws {
        let disks = Self.disks(2)
        try ShardedHost(disks).crash()
        #expect(throws: NodeStateError.sharded(found: 2, wanted: 1)) {
            try ShardedHost([disks[0]], seed: 2)
        }
        #expect(throws: NodeStateError.sharded(found: 2, wanted: 3)) {
            try ShardedHost(disks + [MemoryDisk()], seed: 2)
        }
        let single = [MemoryDisk()]
        try ShardedHost(single).crash()
        #expect(throws: NodeStateError.sharded(found: 1, wanted: 2)) {
            try ShardedHost(single + [MemoryDisk()], seed: 2)
        }
    }

    @Test("A shard that is gone while others hold data is told", arguments: 0..<2)
    func lostShard(lost: Int) throws {
        var disks = Self.disks(2)
        var host = try ShardedHost(disks)
        let created = host.create()
        let view = try #require(created)
        _ = host.turn(.viewChanged(view), at: 1)
        host.crash()
        disks[lost] = MemoryDisk()
        #expect(throws: NodeStateError.shardLost(Shard(index: lost, of: 2))) {
            try ShardedHost(disks, seed: 2)
        }
    }

    @Test("A first start that was cut short begins anew", arguments: 0..<2)
    func cutShort(lost: Int) throws {
        var disks = Self.disks(2)
        try ShardedHost(disks).crash()
        disks[lost] = MemoryDisk()
        let host = try ShardedHost(disks, seed: 2)
        #expect(host.cores[0].identity == host.cores[1].identity)
    }

    @Test("A shard of another node is refused")
    func foreignShard() throws {
        let (disks, others) = (Self.disks(2), Self.disks(2))
        try ShardedHost(disks).crash()
        let other = try ShardedHost(others, seed: 9)
        other.crash()
        let found = other.cores[0].identity
        #expect(
            throws: NodeStateError.shardForeign(Shard(index: 1, of: 2), found: found)
        ) {
            try ShardedHost([disks[0], others[1]], seed: 2)
        }
    }

    @Test("All shards of a node that goes on in another's place take names drawn anew")
    func inPlace() throws {
        let lost = NodeID(rawValue: 77)
        let host = try ShardedHost(Self.disks(3), inPlaceOf: lost)
        #expect(host.cores.allSatisfy { $0.identity.id == lost && $0.startsOver })
        let names = Set(host.cores.map(\.dots.actor.node))
        #expect(names.count == 1 && !names.contains(lost))
        #expect(Set(host.cores.map(\.dots.actor)).count == 3)
    }
}
