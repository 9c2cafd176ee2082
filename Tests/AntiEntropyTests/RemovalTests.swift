// Deleted and expired keys go without a trace, at every home, and nothing that comes late brings
// them back.
import MartletBase
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy
@testable import MartletNode

@Suite("Removal of what is settled")
struct RemovalTests {
    /// Longer than any tombstone stays where all is well.
    private static let settling = Duration.seconds(300)

    /// A cluster in which a key was written, and all homes have it.
    private func written() throws -> (cluster: Cluster, key: String, homes: [Int]) {
        var cluster = try Cluster()
        let key = cluster.keys(1, of: 0)[0]
        cluster.put(key, "a", at: 0) { $0.w = .all }
        return (cluster, key, cluster.homes(of: key))
    }

    /// The same, and the key was deleted and has gone; with what the homes held before the delete.
    private func removed() throws -> (cluster: Cluster, key: String, homes: [Int], old: Object) {
        var (cluster, key, homes) = try written()
        let old = try #require(cluster.stored(key, at: homes[0]))
        cluster.put(key, nil, at: homes[0]) { $0.w = .all }
        cluster.pass(Self.settling)
        for home in homes { #expect(!cluster.hasTrace(of: key, at: home)) }
        return (cluster, key, homes, old)
    }

    private func checkGone(_ cluster: inout Cluster, _ key: String) {
        cluster.pass(.seconds(200))
        #expect(cluster.isEven)
        for node in cluster.nodes.indices { #expect(!cluster.hasTrace(of: key, at: node)) }
        #expect(cluster.get(key, at: 0) { $0.r = .all }?.isEmpty == true)
    }

    @Test("A deleted key leaves no trace at any home once all have seen the delete")
    func tombstone() throws {
        var (cluster, key, homes) = try written()
        cluster.put(key, nil, at: homes[0])
        cluster.pass(.seconds(20))
        for home in homes {
            #expect(cluster.stored(key, at: home)?.siblings.map(\.content) == [.tombstone])
        }
        checkGone(&cluster, key)
        checkGone(&cluster, key)
        let removals = homes.map { cluster.nodes[$0].core.counters.removals }
        #expect(removals == [1, 1, 1])
    }

    @Test("A tombstone stays while a home is away, however long")
    func homeAway() throws {
        var (cluster, key, homes) = try written()
        cluster.crash(homes[2])
        cluster.put(key, nil, at: homes[0])
        cluster.pass(.seconds(2_000))
        for home in homes.dropLast() {
            #expect(cluster.stored(key, at: home)?.siblings.map(\.content) == [.tombstone])
        }
        try cluster.start(homes[2])
        cluster.pass(.seconds(100))
        checkGone(&cluster, key)
    }

    @Test(
        "A late version of a removed key is not taken back, and goes at the home that brought it",
        arguments: [ReplicaPut.Purpose.write, .repair, .hint])
    func late(purpose: ReplicaPut.Purpose) throws {
        var (cluster, key, homes, old) = try removed()
        cluster.give(old, key, to: homes[1], purpose: purpose, from: homes[0])
        #expect(!cluster.hasTrace(of: key, at: homes[1]))
        checkGone(&cluster, key)
    }

    @Test("A late parcel brings no removed key back, and its sender is told")
    func lateParcel() throws {
        var (cluster, key, homes, old) = try removed()
        let mark = cluster.sent.count
        let parcel = Parcel(
            operation: OperationID(rawValue: 9), patience: .seconds(1),
            entries: [Parcel.Entry(key: Bytes(text: key), object: old)])
        cluster.handle(
            .messageReceived(.replication(.parcel(parcel)), from: Peer(cluster.nodes[homes[0]].id)),
            at: homes[1])
        #expect(!cluster.hasTrace(of: key, at: homes[1]))
        let told = cluster.sent(since: mark) { sent in
            if case .replication(.removed(let removed)) = sent.message { removed.key } else { nil }
        }
        #expect(told == [Bytes(text: key)])
        checkGone(&cluster, key)
    }

    @Test("What a home still holds of a removed key is told to go there")
    func toldToGo() throws {
        var (cluster, key, homes, old) = try removed()
        var location = WriteBatch()
        let bytes = old.encoded()
        let stored = StorageKey.object(partition: 0, key: Bytes(text: key))
        location.put(stored, bytes, replacing: nil)
        try cluster.nodes[homes[2]].engine.write(location)
        #expect(cluster.stored(key, at: homes[2]) == old)
        let mark = cluster.sent.count
        checkGone(&cluster, key)
        let told = cluster.sent(since: mark) { sent in
            if case .replication(.removed) = sent.message { sent.to } else { nil }
        }
        #expect(told.contains(homes[2]) && told.allSatisfy { $0 == homes[2] })
    }

    @Test("A delayed put and a late hint reach a key after its removal, and change nothing")
    func delayed() throws {
        var cluster = try Cluster()
        let key = cluster.keys(1, of: 0)[0]
        let homes = cluster.homes(of: key)
        cluster.pass(.seconds(3))
        // The network keeps what the coordinator sends the last home.
        var isHolding = true
        cluster.loses = { [homes] sent in isHolding && sent.put != nil && sent.to == homes[2] }
        cluster.put(key, "a", at: homes[0])
        isHolding = false
        cluster.loses = { _ in false }
        let kept = cluster.sent { $0.to == homes[2] ? $0.put : nil }
        #expect(!kept.isEmpty)
        cluster.put(key, nil, at: homes[0]) { $0.w = .all }
        cluster.pass(Self.settling)
        for home in homes { #expect(!cluster.hasTrace(of: key, at: home)) }
        for put in kept {
            cluster.handle(
                .messageReceived(.replication(.put(put)), from: Peer(cluster.nodes[homes[0]].id)),
                at: homes[2])
        }
        checkGone(&cluster, key)
    }

    @Test("A version kept for a home, and as old as what was promised, is taken by no stand-in")
    func lateStandIn() throws {
        var (cluster, key, homes, old) = try removed()
        let stranger = try #require(cluster.stranger(to: key))
        let put = ReplicaPut(
            operation: OperationID(rawValue: 77), key: Bytes(text: key), object: old,
            purpose: .write, heldFor: cluster.nodes[homes[1]].id, durable: false,
            patience: .seconds(1))
        let mark = cluster.sent.count
        cluster.handle(
            .messageReceived(.replication(.put(put)), from: Peer(cluster.nodes[homes[0]].id)),
            at: stranger)
        let outcomes = cluster.sent(since: mark) { sent -> ReplicaPutReply.Outcome? in
            if case .replication(.putReplies(let replies)) = sent.message {
                replies.first?.outcome
            } else {
                nil
            }
        }
        #expect(outcomes == [.refused(.clockSkew)])
        #expect(cluster.nodes[stranger].core.pendingHints.count == 0)
        checkGone(&cluster, key)
    }

    @Test(
        "A home restored from a backup older than the delete brings nothing back",
        arguments: [0, 1, 2])
    func backup(restored: Int) throws {
        var (cluster, key, homes) = try written()
        cluster.pass(.seconds(150))
        let home = homes[restored]
        let backup = cluster.nodes[home].disk.copy()
        backup.unlock()
        cluster.put(key, nil, at: homes[0]) { $0.w = .all }
        cluster.pass(Self.settling)
        #expect(!cluster.hasTrace(of: key, at: home))
        cluster.crash(home)
        cluster.pass(.seconds(10))
        try cluster.start(home, over: backup)
        #expect(cluster.stored(key, at: home)?.siblings.first?.content == .value(Bytes(text: "a")))
        #expect(
            cluster.get(key, at: homes[0]) { $0.r = .all }?.isAbsent(at: Cluster.wallStart)
                == true, "another home has judged")
        cluster.pass(.seconds(100))
        checkGone(&cluster, key)
    }

    @Test(
        "A home restored from a backup takes what was written since, however settled that is",
        arguments: [0, 1, 2])
    func backupLacks(restored: Int) throws {
        var (cluster, key, homes) = try written()
        cluster.pass(.seconds(150))
        let home = homes[restored]
        let backup = cluster.nodes[home].disk.copy()
        backup.unlock()
        let newer = cluster.keys(2, of: 0)[1]
        cluster.put(key, "b", at: homes[0]) { $0.w = .all }
        cluster.put(newer, "c", at: homes[0]) { $0.w = .all }
        let written = try #require(cluster.stored(newer, at: home))
        cluster.pass(Self.settling)
        #expect(written.context.horizon <= cluster.watermark(0, at: home))
        cluster.crash(home)
        cluster.pass(.seconds(10))
        try cluster.start(home, over: backup)
        #expect(cluster.stored(newer, at: home) == nil)
        cluster.pass(Self.settling)
        #expect(cluster.isEven)
        for home in homes {
            #expect(cluster.stored(newer, at: home) == written)
            #expect(
                cluster.stored(key, at: home)?.siblings.map(\.content)
                    == [.value(Bytes(text: "b"))])
        }
    }

    @Test(
        "A restart in the middle of a removal leaves nothing that could come back",
        arguments: [0, 1, 2])
    func restart(of restarted: Int) throws {
        var (cluster, key, homes) = try written()
        cluster.put(key, nil, at: homes[0]) { $0.w = .all }
        // Until the first trace goes.
        while homes.allSatisfy({ cluster.hasTrace(of: key, at: $0) }) {
            cluster.pass(.milliseconds(1))
        }
        cluster.crash(homes[restarted])
        cluster.pass(.seconds(30))
        try cluster.start(homes[restarted])
        cluster.pass(.seconds(100))
        checkGone(&cluster, key)
    }

    @Test("A key that was written again is not taken for the one that was removed")
    func writtenAgain() throws {
        var (cluster, key, homes, old) = try removed()
        cluster.put(key, "b", at: homes[1]) { $0.w = .all }
        cluster.give(old, key, to: homes[2])
        cluster.pass(Self.settling)
        for home in homes {
            #expect(
                cluster.stored(key, at: home)?.siblings.map(\.content)
                    == [.value(Bytes(text: "b"))])
        }
    }

    @Test("What expires goes once it has been expired for the slack, and is settled")
    func expired() throws {
        var cluster = try Cluster()
        let key = cluster.keys(1, of: 0)[0]
        let homes = cluster.homes(of: key)
        let expiry = WallTime(milliseconds: Cluster.wallStart.milliseconds + 1_000_000)
        cluster.put(key, "a", at: 0, expiry: expiry) { $0.w = .all }
        cluster.pass(.seconds(1_050))
        for home in homes { #expect(cluster.stored(key, at: home) != nil) }
        cluster.pass(.seconds(200))
        checkGone(&cluster, key)
    }

    @Test("A delete that a concurrent value outlives goes from beside it once it is settled")
    func besideValue() throws {
        var (cluster, key, homes) = try written()
        for home in homes {
            cluster.give(.one(nil, by: 901), key, to: home)
            cluster.give(.one("b", by: 902), key, to: home)
        }
        #expect(cluster.stored(key, at: homes[0])?.siblings.count == 3)
        cluster.pass(Self.settling)
        cluster.put(key, "c", at: homes[0]) { $0.w = .all }
        cluster.pass(Self.settling)
        #expect(cluster.isEven)
        for home in homes {
            let siblings = cluster.stored(key, at: home)?.siblings ?? []
            #expect(!siblings.isEmpty && !siblings.contains { $0.content == .tombstone })
        }
    }

    @Test("A read shows nothing that one of the homes it heard has removed")
    func readTally() throws {
        var (cluster, key, homes, old) = try removed()
        var batch = WriteBatch()
        batch.put(
            .object(partition: 0, key: Bytes(text: key)), old.encoded(), replacing: nil)
        try cluster.nodes[homes[0]].engine.write(batch)
        let seen = cluster.get(key, at: homes[0]) { $0.r = .all }
        #expect(seen?.siblings.isEmpty == true)
    }

    @Test("Notes beside objects come and go with the last value")
    func notes() throws {
        var (cluster, key, homes) = try written()
        let note = StorageKey.object(partition: 0, key: Bytes(text: key)).removable
        func kept(_ cluster: Cluster) -> Removable? {
            guard case .found(let bytes) = cluster.nodes[homes[0]].engine.get(note) else {
                return nil
            }
            return Removable(bytes)
        }
        #expect(kept(cluster) == nil)
        cluster.put(key, nil, at: homes[0])
        let horizon = cluster.stored(key, at: homes[0])?.context.horizon
        #expect(kept(cluster)?.horizon == horizon)
        #expect(kept(cluster)?.from.milliseconds == 0)
        cluster.put(key, "b", at: homes[0])
        #expect(kept(cluster) == nil)
        let expiry = WallTime(milliseconds: Cluster.wallStart.milliseconds + 9_000_000)
        cluster.put(key, "c", at: homes[0], expiry: expiry)
        #expect(kept(cluster)?.from == expiry)
    }
}
