// Storage that has lost data: what is asked goes on with others, and the node takes another name.
import MartletBase
import MartletNode
import MartletReplication
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Damage") struct DamageTests {
    private let reason = "storage: a block of the storage cannot be read"

    /// A stage whose node held `a`, and cannot read it.
    private func havingLostA(nodes: Int = 3, away: [UInt64] = []) throws -> Stage {
        var stage = try Stage(nodes: nodes, away: away, storage: .tiny)
        stage.hold(.one("a", by: 2))
        try stage.cool()
        try stage.damageTables()
        return stage
    }

    @Test("A get goes on with other replicas")
    func get() throws {
        var stage = try havingLostA()
        #expect(stage.get { $0.r = .count(1) } == [])
        #expect(stage.bringBlocks() == ["get 1 → 2"])
        #expect(
            stage.show(1, by: 2, .object(.one("a", by: 2))) == [
                "answer 1: read a@2.1 [1 refused, 2 agreed]"
            ])
    }

    @Test("A put is handed on to another home")
    func put() throws {
        var stage = try havingLostA()
        #expect(stage.put("b") == [])
        #expect(stage.bringBlocks() == ["forward 2 → 2"])
        #expect(stage.replication.dots.counter == 0)
        #expect(stage.put("c", as: 2) == ["forward 3 → 2"], "it is known by now")
    }

    @Test("A put that other homes have not taken either is refused, not handed on for ever")
    func lastResort() throws {
        var stage = try havingLostA(away: [2, 3])
        stage.put("b") {
            $0.w = .count(1)
            $0.dw = .count(0)
        }
        #expect(stage.bringBlocks() == ["answer 1: \(reason)"])
        #expect(stage.replication.operationsInFlight == 0)
    }

    @Test("Another node's write is refused, so that its coordinator finds a stand-in")
    func replicaPut() throws {
        var stage = try havingLostA()
        let put = ReplicaPut(
            operation: OperationID(rawValue: 5), key: Stage.key, object: .one("b", by: 3),
            purpose: .write, durable: false, patience: .seconds(1))
        #expect(stage.receive(.put(put), from: 2) == [])
        #expect(stage.bringBlocks() == ["putReply 5 → 2: \(reason)"])
    }

    @Test("While its new actor is not durable, a node hands puts on, or names them by another")
    func betweenActors() throws {
        var stage = try Stage()
        stage.put("a")
        stage.damageFound()
        #expect(stage.put("b", as: 2) == ["forward 2 → 2"])
        stage.lose(2)
        stage.lose(3)
        #expect(
            stage.put("c", as: 3) {
                $0.w = .count(1)
                $0.dw = .count(0)
            } == ["answer 3: written x.1 [1 stored]"])
        #expect(stage.replication.dots.counter == 1)

        stage.renewActor(incarnation: 2)
        stage.reach(2)
        #expect(stage.put("d", as: 4).first == "put 4 → 2: d@1.1, durable")
        #expect(stage.replication.dots.actor.incarnation == 2)
    }

    @Test("Names drawn while there is no actor are not used again after more damage")
    func namesAreNotReused() throws {
        var stage = try Stage(away: [2, 3])
        var actors: Set<Actor> = []
        for number in 1...3 as ClosedRange<UInt64> {
            stage.damageFound()
            stage.put("v", as: number, seen: Context()) {
                $0.w = .count(1)
                $0.dw = .count(0)
            }
        }
        let entry = try #require(stage.engine.scanNow(.objects).entries.first)
        var reader = ByteReader(entry.value)
        for sibling in try Object(from: &reader).siblings { actors.insert(sibling.dot.actor) }
        #expect(actors.count == 3)
    }
}

@Suite("Nodes that have lost data") struct DamagedNodeTests {
    /// A node whose storage has lost the first of two writes, and knows it.
    private func damaged(_ disk: MemoryDisk) throws -> Host {
        var host = try Host(disk, storage: .tiny)
        try host.createAlone()
        host.put("a")
        try host.fill()
        for name in try disk.list() where name.hasSuffix(".mtab") {
            disk.makeUnreadable(name, 0..<(1 << 20))
        }
        #expect(host.put("b", as: 2) == [])
        #expect(host.bringBlocks().contains { $0.contains("cannot be read") })
        return host
    }

    @Test("A node that has lost data goes on under a new incarnation, once that is durable")
    func newIncarnation() throws {
        let disk = MemoryDisk()
        var host = try damaged(disk)
        let before = host.core.dots
        #expect(host.work().contains("damaged"))
        #expect(host.core.counters.damagedRanges > 0)
        #expect(host.core.dots == before, "not yet durable")
        host.commit()
        #expect(host.core.dots.actor.incarnation == before.actor.incarnation + 1)
        #expect(host.core.dots.counter == 0)
        #expect(host.put("c", as: 3).contains { $0.hasPrefix("answer 3: written") })
        #expect(host.core.dots.counter == 1)
    }

    @Test("A stop before the new incarnation is durable leaves no mark to go on from")
    func stopBetween() throws {
        let disk = MemoryDisk()
        var host = try damaged(disk)
        let actor = host.core.dots.actor
        // Until every table was looked at: what one holds of the node's own is written anew.
        for _ in 0..<4 {
            _ = host.core.engine.scrub()
            _ = host.work()
        }
        _ = host.handle(.stopping)
        host.close()
        #expect(try Host(disk, seed: 2, storage: .tiny).core.dots.actor > actor)
    }
}

extension Stage {
    mutating func damageFound() { replication.damageFound(rangeCount: 1) }

    mutating func renewActor(incarnation: UInt32) {
        replication.actorRenewed(
            DotSource(actor: Actor(node: local, incarnation: incarnation)))
    }
}
