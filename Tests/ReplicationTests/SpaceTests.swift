// A disk that is nearly full: clients' values go elsewhere or are refused with the free space, and
// all that makes room, or that others bring home, goes on; then one that is full, and a start
// on it.
import MartletBase
import MartletNode
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Space on the disk") struct SpaceTests {
    private func put(
        _ object: Object, _ purpose: ReplicaPut.Purpose, for home: UInt64? = nil
    ) -> ReplicationMessage {
        .put(
            ReplicaPut(
                operation: OperationID(rawValue: 5), key: Stage.key, object: object,
                purpose: purpose, heldFor: home.map { NodeID(rawValue: $0) }, durable: false,
                patience: .seconds(1)))
    }

    private var delete: ClientOperation {
        var options = WriteOptions()
        options.dw = .count(0)
        return .put(Mutation(content: .tombstone, causality: .coordinator), options)
    }

    @Test("A value is handed on to another home; a delete is taken here")
    func coordinator() throws {
        var stage = try Stage()
        stage.put("a")
        stage.sync()
        stage.leave(10)
        #expect(stage.put("b", as: 2) == ["forward 2 → 2"])
        let lines = stage.ask(delete, as: 3)
        #expect(lines.contains { $0.hasPrefix("put 3 → 2") }, "\(lines)")
        stage.leave(nil)
        #expect(stage.put("c", as: 4).contains { $0.hasPrefix("put 4 → 2") })
    }

    @Test("Where nobody else can be reached the client is told how much room there is")
    func refused() throws {
        var stage = try Stage(away: [2, 3])
        stage.leave(10)
        let lines = stage.put("a") {
            $0.w = .count(1)
            $0.dw = .count(0)
        }
        #expect(lines.count == 1)
        #expect(
            lines[0].hasPrefix("answer 1: storage: the disk has 10 bytes left, of which "),
            "\(lines)")
        #expect(lines[0].contains("storage.disk_reserve"))
    }

    @Test("Of what others send, clients' values alone are refused")
    func replica() throws {
        var stage = try Stage()
        stage.leave(10)
        let refusal = stage.receive(put(.one("a", by: 2), .write), from: 2)
        #expect(refusal.count == 1 && refusal[0].contains("storage: the disk has 10 bytes left"))
        let standIn = stage.receive(put(.one("a", by: 2), .write, for: 3), from: 2)
        #expect(standIn.count == 1 && standIn[0].contains("storage: the disk has 10 bytes left"))
        var deleted = Object.one("a", by: 2)
        deleted.record(
            Sibling(
                dot: Dot(actor: .of(2), counter: 2), timestamp: HybridTimestamp(bits: 9),
                content: .tombstone), seen: deleted.context)
        for message in [
            put(deleted, .write), put(.one("b", by: 3), .hint), put(.one("c", by: 4), .repair),
        ] {
            let lines = stage.receive(message, from: 2)
            #expect(lines == ["putReply 5 → 2: stored"], "\(lines)")
        }
    }

    @Test("A node measures its disk each second, tells once that values are refused, and once more")
    func told() throws {
        let disk = MemoryDisk()
        var host = try Host(disk)
        try host.createAlone()
        #expect(host.measure() == [])
        disk.capacityBytes = disk.usedBytes + 5
        #expect(host.measure() == ["values are refused"])
        #expect(host.measure() == [])
        #expect(host.put("a").contains { $0.hasPrefix("answer 1: storage: the disk has 5 bytes") })
        disk.capacityBytes = nil
        #expect(host.measure() == ["values are taken"])
        #expect(host.put("b", as: 2).contains { $0.hasPrefix("answer 2: written") })
    }

    @Test("A node of a full disk starts, reads, and names writes once its actor is on disk")
    func startsFull() throws {
        let disk = MemoryDisk()
        var first = try Host(disk)
        try first.createAlone()
        first.put("a")
        let before = first.core.dots.actor
        first.crash()

        disk.capacityBytes = disk.usedBytes
        var second = try Host(disk, seed: 2)
        #expect(second.core.identity == first.core.identity && second.core.mayStartUnsynced)
        #expect(second.core.dots.actor > before)
        let get = ClientRequest(key: Stage.key, operation: .get(ReadOptions()))
        let read = second.handle(.requestReceived(RequestID(rawValue: 1), get))
        #expect(
            read.outbox.answers.contains { if case .read = $0.answer { true } else { false } })
        #expect(second.put("b", as: 2).contains { $0.hasPrefix("answer 2: storage: ") })

        disk.capacityBytes = nil
        second.commit()
        #expect(second.measure() == ["values are taken"])
        #expect(second.put("c", as: 3).contains { $0.hasPrefix("answer 3: written") })
        #expect(second.core.dots.counter == 1)
    }

    @Test("A node that nobody knows does not start on a full disk: its identity would be lost")
    func newOnFull() throws {
        let disk = MemoryDisk()
        var random = SeededRandom(seed: 1)
        _ = try StorageEngine.open(disk: disk, options: .roomy)
        disk.crash(.nothing, random: &random)
        disk.capacityBytes = disk.usedBytes
        let opened = try StorageEngine.open(disk: disk, options: .roomy)
        let endpoint = Endpoint(host: "127.0.0.1", port: 7_401)
        let core = try NodeCore.open(
            NodeConfiguration(
                clusterName: "stage", name: "n1", zone: "", peerEndpoint: endpoint,
                clientEndpoint: endpoint, seeds: []),
            engine: opened.engine, seed: 1, at: Moment(instant: .start, wall: Stage.wallStart))
        #expect(!core.mayStartUnsynced)
    }
}
