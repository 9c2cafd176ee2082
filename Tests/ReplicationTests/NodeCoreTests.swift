// A node as a whole: who it is across restarts, how it comes to its ring, what it does at its end.
import MartletBase
import MartletNode
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@Suite("Nodes") struct NodeCoreTests {
    @Test("A node that stopped cleanly goes on under its actor, and repeats no dot")
    func cleanStop() throws {
        let disk = MemoryDisk()
        var first = try Host(disk)
        try first.createAlone()
        first.put("a")
        first.put("b")
        let dots = first.core.dots
        #expect(dots.counter == 2)
        _ = first.handle(.stopping)
        first.close()

        var second = try Host(disk, seed: 2)
        #expect(second.core.identity == first.core.identity)
        #expect(second.core.dots == dots)
        #expect(second.core.topology == first.core.topology)
        second.put("c")
        #expect(second.core.dots.counter == 3)
    }

    @Test("A node that did not stop cleanly takes a new incarnation, even within a second")
    func uncleanStop() throws {
        let disk = MemoryDisk()
        var first = try Host(disk)
        try first.createAlone()
        first.put("a")
        let actor = first.core.dots.actor
        first.crash()

        let second = try Host(disk, seed: 2)
        #expect(second.core.identity == first.core.identity)
        #expect(second.core.dots.actor > actor)
        #expect(second.core.dots.counter == 0)
        second.crash()
        #expect(try Host(disk, seed: 3).core.dots.actor > second.core.dots.actor)
    }

    @Test(
        "A node repeats no dot when power fails soon after its start, however rarely it syncs",
        arguments: [SyncMode.everyWrite, .interval(.seconds(1)), .operatingSystem])
    func startIsSynced(sync: SyncMode) throws {
        let disk = MemoryDisk()
        var first = try Host(disk, sync: sync)
        try first.createAlone()
        first.put("a")
        _ = first.handle(.stopping)
        first.close()

        var second = try Host(disk, seed: 2, sync: sync)
        second.put("b")
        let dots = second.core.dots
        second.crash()
        #expect(try Host(disk, seed: 3, sync: sync).core.dots.actor > dots.actor)
    }

    @Test(
        "A node knows its ring when power fails after it took it on, however rarely it syncs",
        arguments: [SyncMode.everyWrite, .interval(.seconds(1)), .operatingSystem])
    func ringIsSynced(sync: SyncMode) throws {
        let disk = MemoryDisk()
        var first = try Host(disk, sync: sync)
        try first.createAlone()
        let ring = first.core.topology
        #expect(ring != nil)
        first.crash()
        #expect(try Host(disk, seed: 2, sync: sync).core.topology == ring)
    }

    @Test("A clock beyond any incarnation exhausts none")
    func absurdClock() throws {
        let disk = MemoryDisk()
        let absurd = WallTime(milliseconds: 5_000_000_000_000)
        let first = try Host(disk, wall: absurd)
        let actor = first.core.dots.actor
        first.crash()
        #expect(try Host(disk, seed: 2, wall: absurd).core.dots.actor > actor)
    }

    @Test("Each life of a node numbers its operations apart from those before")
    func operationNumbers() throws {
        let disk = MemoryDisk()
        let ring = try Topology.onePartition(nodes: 3, replicas: 3)
        var numbers: [OperationID] = []
        for seed in 1...2 as ClosedRange<UInt64> {
            var host = try Host(disk, seed: seed)
            _ = host.offer(ring)
            _ = host.handle(.linkOpened(Peer(NodeID(rawValue: 1))))
            _ = host.handle(.linkOpened(Peer(NodeID(rawValue: 2))))
            let asked = ClientRequest(
                key: Stage.key, operation: .get(ReadOptions()))
            let work = host.handle(.requestReceived(RequestID(rawValue: 1), asked))
            for case .replication(.get(let get)) in work.outbox.letters.map(\.message) {
                numbers.append(get.operation)
            }
            host.crash()
        }
        #expect(Set(numbers).count == 2, "an answer meant for one life means nothing to the next")
    }

    @Test("An incarnation keeps pace with the clock, so that a restored copy repeats none")
    func restoredCopy() throws {
        let later = WallTime(milliseconds: Stage.wallStart.milliseconds + 86_400_000)
        #expect(
            try Host(MemoryDisk(), wall: later).core.dots.actor.incarnation
                == Host(MemoryDisk()).core.dots.actor.incarnation + 86_400)
    }

    @Test("On an empty disk a node goes on as the one in whose place it is, and stays that")
    func inPlace() throws {
        let lost = try Host(MemoryDisk())
        let id = lost.core.identity.id
        let disk = MemoryDisk()
        var host = try Host(disk, seed: 2, inPlaceOf: id)
        #expect(host.core.identity == lost.core.identity && host.core.startsOver)
        let actor = host.core.dots.actor
        #expect(actor.node != id, "its own name may have been used at any time")
        try host.createAlone()
        host.put("a")
        _ = host.handle(.stopping)
        host.close()

        for place in [id, nil] {
            var again = try Host(disk, seed: 3, inPlaceOf: place)
            #expect(again.core.identity == lost.core.identity && !again.core.startsOver)
            #expect(again.core.dots.actor == actor && again.core.dots.counter == 1)
            _ = again.handle(.stopping)
            again.close()
        }
        let other = NodeID(rawValue: 9)
        let error = #expect(throws: NodeStateError.self) {
            _ = try Host(disk, seed: 4, inPlaceOf: other)
        }
        #expect(error == .occupied(found: lost.core.identity, wanted: other))
        #expect("\(error, default: "")".contains(id.description))
    }

    @Test("A stopping node takes no more requests")
    func stopping() throws {
        var host = try Host(MemoryDisk())
        try host.createAlone()
        _ = host.handle(.stopping)
        #expect(host.put("a") == ["answer 1: storage: the node is stopping"])
        #expect(host.core.dots.counter == 0)
    }

    @Test("A data directory of another node or cluster is refused, and says whose it is")
    func foreignDirectory() throws {
        let disk = MemoryDisk()
        var host = try Host(disk)
        host.close()
        for (cluster, name) in [("other", "n1"), ("stage", "n2")] {
            #expect {
                try Host(disk, cluster: cluster, name: name)
            } throws: { error in
                guard case NodeStateError.foreign(let found, _, _) = error else { return false }
                return found.clusterName == "stage" && found.name == "n1"
            }
            disk.unlock()
        }
    }

    @Test("A cluster is created once, of the members that the operator counts")
    func creation() throws {
        var host = try Host(MemoryDisk())
        #expect(
            host.create(memberCount: 3)
                == .refused(
                    "3 members are expected and this node knows 1, 1 of them alive: n1 "
                        + "(alive). Start the missing ones, or say how many there are"))
        #expect(host.core.topology == nil)
        guard case .created(let warnings) = host.create(memberCount: 1) else {
            Issue.record("not created")
            return
        }
        #expect(!warnings.isEmpty, "one member is fewer than three replicas")
        #expect(host.core.topology?.epoch == 1)
        guard case .refused(let reason) = host.create(memberCount: 1) else {
            Issue.record("created twice")
            return
        }
        #expect(reason.contains("exists already"))
    }

    @Test("A ring that nobody of the cluster can have made is not believed")
    func impossibleRings() throws {
        func ring(_ epoch: UInt64, secret: UInt64 = 7) throws -> Topology {
            try Topology.onePartition(nodes: 3, replicas: 3, epoch: epoch, secretSeed: secret)
        }
        func offer(_ ring: Topology, from sender: UInt64, to host: inout Host) -> Work {
            host.handle(.messageReceived(.topology(ring), from: Peer(NodeID(rawValue: sender))))
        }
        var host = try Host(MemoryDisk())
        // Without a ring of its own it knows no members; but nobody sends a ring that it is not of.
        _ = offer(try ring(1), from: 9, to: &host)
        #expect(host.core.topology == nil)
        #expect(host.offer(try ring(1)) == ["adopted 1"])
        for epoch in [1 << 21, 1 << 40, .max] as [UInt64] {
            let lines = host.offer(try ring(epoch))
            #expect(lines.count == 1 && lines[0].hasPrefix("conflict: "), "\(lines)")
        }
        #expect(host.offer(try ring(2, secret: 8)).first?.hasPrefix("conflict: ") == true)
        #expect(host.core.topology?.epoch == 1)
        // One that has joined since knows the secret, and is not of the present ring.
        _ = offer(try ring(2), from: 9, to: &host)
        #expect(host.core.topology?.epoch == 2)
        #expect(host.offer(try ring(65)) == ["adopted 65"])
    }

    @Test("A ring of a higher epoch is adopted and kept; an older one changes nothing")
    func adoption() throws {
        let disk = MemoryDisk()
        var host = try Host(disk)
        let first = try Topology.onePartition(nodes: 3, replicas: 3, epoch: 1)
        let second = try Topology.onePartition(nodes: 4, replicas: 3, epoch: 2)
        #expect(host.offer(second) == ["adopted 2"])
        #expect(host.offer(first) == [])
        #expect(host.offer(second) == [])
        #expect(host.core.topology == second)
        host.close()
        #expect(try Host(disk, seed: 2).core.topology == second)
    }

    @Test("A ring that contradicts this node's is reported and not adopted")
    func conflicts() throws {
        var host = try Host(MemoryDisk())
        let mine = try Topology.onePartition(nodes: 3, replicas: 3)
        #expect(host.offer(mine) == ["adopted 1"])
        let twin = try Topology.onePartition(nodes: 3, replicas: 3, epoch: 5, clusterID: 8)
        let rival = try Topology.onePartition(nodes: 4, replicas: 3)
        for other in [twin, rival] {
            #expect(host.offer(other).first?.hasPrefix("conflict") == true)
            #expect(host.core.topology == mine)
        }
    }

    @Test("That the storage refuses a ring is told, and that it takes writes again")
    func refusedRing() throws {
        var storage = StorageOptions.roomy
        storage.batchLimitBytes = 1 << 10
        var host = try Host(MemoryDisk(), storage: storage)
        let large = try Topology.onePartition(nodes: 100, replicas: 3)
        #expect(host.offer(large) == ["storage refuses", "storage accepts"])
        #expect(host.core.topology == nil)
    }

    @Test("An answer to a node's former life counts for nothing in this one")
    func formerLife() throws {
        let disk = MemoryDisk()
        var first = try Host(disk)
        _ = first.offer(try Topology.onePartition(nodes: 3, replicas: 3))
        let asked = first.get()
        #expect(asked.count == 2)
        first.crash()

        var second = try Host(disk, seed: 2)
        #expect(second.get().count == 2)
        for (operation, node) in asked {
            let reply = ReplicaGetReply(operation: operation, outcome: .object(Object()))
            let work = second.handle(
                .messageReceived(.replication(.getReply(reply)), from: Peer(node)))
            #expect(work.outbox.answers.isEmpty, "the client would be answered by nobody's word")
        }
    }

    @Test("A full disk is told once, refuses writes and still answers reads")
    func fullDisk() throws {
        let disk = MemoryDisk()
        var host = try Host(disk)
        try host.createAlone()
        host.put("a")
        disk.capacityBytes = disk.usedBytes
        #expect(host.put("b", as: 2).contains { $0.contains("storage refuses") })
        #expect(host.put("c", as: 3).contains { $0.hasPrefix("answer 3: storage: disk full") })
        disk.capacityBytes = nil
        #expect(host.commit().contains("storage accepts"))
        #expect(host.put("d", as: 4).contains { $0.hasPrefix("answer 4: written") })
    }
}
