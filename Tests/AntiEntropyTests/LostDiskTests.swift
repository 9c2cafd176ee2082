// Nodes that have lost their disks and go on in place, on empty ones: they are filled, they bring
// nothing back, and they keep what their former lives had promised.
import MartletBase
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy
@testable import MartletNode

@Suite("Lost disks")
struct LostDiskTests {
    /// Longer than any tombstone stays, and any doubt, where all is well.
    private static let settling = Duration.seconds(300)

    /// A cluster that holds some keys of partition 0 at all their homes, settled.
    private func filled() throws -> (cluster: Cluster, keys: [String], homes: [Int]) {
        var cluster = try Cluster()
        let keys = cluster.keys(8, of: 0)
        for key in keys { cluster.put(key, "v-\(key)", at: 0) { $0.w = .all } }
        cluster.pass(Self.settling)
        return (cluster, keys, cluster.homes(of: 0))
    }

    private func checkFilled(_ cluster: Cluster, _ keys: [String], _ homes: [Int]) {
        #expect(cluster.isEven)
        for home in homes {
            #expect(!cluster.isInDoubt(0, at: home))
            for key in keys {
                let value = cluster.stored(key, at: home)?.siblings.map(\.content)
                #expect(value == [.value(Bytes(text: "v-\(key)"))])
            }
        }
    }

    @Test(
        "A home that has lost its disk is filled by the others, and judges again",
        arguments: [0, 1, 2])
    func refilled(lost: Int) throws {
        var (cluster, keys, homes) = try filled()
        let before = cluster.watermark(0, at: homes[lost])
        cluster.crash(homes[lost])
        cluster.pass(.seconds(10))
        try cluster.startOver(homes[lost])
        #expect(keys.allSatisfy { cluster.stored($0, at: homes[lost]) == nil })
        #expect(cluster.isInDoubt(0, at: homes[lost]))
        #expect(cluster.watermark(0, at: homes[lost]).bits == 0)
        cluster.pass(Self.settling)
        checkFilled(cluster, keys, homes)
        #expect(cluster.trusted(0, at: homes[lost]) > before)
    }

    @Test(
        "Two homes that lose their disks at once are filled by the third",
        arguments: [0, 1, 2])
    func twoAtOnce(kept: Int) throws {
        var (cluster, keys, homes) = try filled()
        let lost = homes.filter { $0 != homes[kept] }
        // While the third is away, the two find each other equal, and that says nothing.
        for home in homes { cluster.crash(home) }
        for home in lost { try cluster.startOver(home) }
        cluster.pass(Self.settling)
        for home in lost {
            #expect(cluster.isInDoubt(0, at: home))
            #expect(cluster.watermark(0, at: home).bits == 0)
        }
        try cluster.start(homes[kept])
        cluster.pass(Self.settling)
        checkFilled(cluster, keys, homes)
    }

    @Test("The doubt outlasts a restart, and ends with the last home that was to be asked")
    func doubtIsDurable() throws {
        var (cluster, keys, homes) = try filled()
        cluster.crash(homes[1])
        try cluster.startOver(homes[1])
        cluster.link(homes[1], homes[2], isOpen: false)
        cluster.pass(Self.settling)
        #expect(cluster.stored(keys[0], at: homes[1]) != nil, "the first has filled it")
        #expect(cluster.isInDoubt(0, at: homes[1]))
        cluster.crash(homes[1])
        try cluster.start(homes[1])
        #expect(!cluster.nodes[homes[1]].core.startsOver)
        cluster.link(homes[1], homes[2], isOpen: false)
        cluster.pass(Self.settling)
        #expect(cluster.isInDoubt(0, at: homes[1]))
        cluster.link(homes[1], homes[2], isOpen: true)
        cluster.pass(Self.settling)
        checkFilled(cluster, keys, homes)
    }

    @Test("It learns how far a partition is settled from any home that it equals")
    func watermarkOfThird() throws {
        var (cluster, keys, homes) = try filled()
        let mark = cluster.watermark(0, at: homes[2])
        cluster.crash(homes[0])
        cluster.crash(homes[1])
        try cluster.startOver(homes[1])
        cluster.pass(Self.settling)
        #expect(cluster.stored(keys[0], at: homes[1]) != nil)
        #expect(cluster.watermark(0, at: homes[1]) == mark)
        #expect(cluster.isInDoubt(0, at: homes[1]), "the first home is yet to be asked")
        try cluster.start(homes[0])
        cluster.pass(Self.settling)
        checkFilled(cluster, keys, homes)
    }

    @Test("A home that has lost data tells others no watermark: its equal lacks the same")
    func doubtTellsNothing() throws {
        var (cluster, _, homes) = try filled()
        func told(since mark: Int) -> [HybridTimestamp] {
            cluster.sent(since: mark) { sent in
                guard sent.from == homes[0], case .roots(let roots) = sent.exchange else {
                    return nil
                }
                return roots.entries.first { $0.partition == 0 }?.watermark
            }
        }
        var mark = cluster.sent.count
        cluster.pass(.seconds(100))
        #expect(!told(since: mark).isEmpty && told(since: mark).allSatisfy { $0.bits > 0 })
        for home in homes.dropFirst() { cluster.link(homes[0], home, isOpen: false) }
        cluster.damage(0, at: homes[0])
        cluster.link(homes[0], homes[1], isOpen: true)
        mark = cluster.sent.count
        cluster.pass(.seconds(100))
        #expect(!told(since: mark).isEmpty && told(since: mark).allSatisfy { $0.bits == 0 })
    }

    @Test(
        "What was removed does not come back by a home that has lost its disk",
        arguments: [0, 1, 2])
    func removed(lost: Int) throws {
        var (cluster, keys, homes) = try filled()
        let old = try #require(cluster.stored(keys[0], at: homes[lost]))
        cluster.put(keys[0], nil, at: homes[0]) { $0.w = .all }
        cluster.pass(Self.settling)
        cluster.crash(homes[lost])
        try cluster.startOver(homes[lost])
        // It takes what it cannot judge; the others do that.
        cluster.give(old, keys[0], to: homes[lost])
        #expect(cluster.stored(keys[0], at: homes[lost]) == old)
        cluster.pass(Self.settling)
        for home in homes { #expect(!cluster.hasTrace(of: keys[0], at: home)) }
        checkFilled(cluster, Array(keys.dropFirst()), homes)
        cluster.give(old, keys[0], to: homes[lost])
        #expect(!cluster.hasTrace(of: keys[0], at: homes[lost]), "it judges by itself again")
    }

    @Test(
        "A disk lost beside a home that holds what was removed brings nothing back in the end",
        arguments: [0, 1, 2], [0, 1, 2])
    func removedBesideOld(lost: Int, old: Int) throws {
        if lost == old { return }
        var (cluster, keys, homes) = try filled()
        let backup = cluster.nodes[homes[old]].disk.copy()
        backup.unlock()
        cluster.put(keys[0], nil, at: homes[0]) { $0.w = .all }
        cluster.pass(Self.settling)
        cluster.crash(homes[lost])
        cluster.crash(homes[old])
        try cluster.startOver(homes[lost])
        try cluster.start(homes[old], over: backup)
        #expect(cluster.hasTrace(of: keys[0], at: homes[old]))
        cluster.pass(.seconds(900))
        for home in homes { #expect(!cluster.hasTrace(of: keys[0], at: home)) }
        checkFilled(cluster, Array(keys.dropFirst()), homes)
    }

    @Test("What a node had promised binds it on, though it has lost that")
    func promise() throws {
        var (cluster, keys, homes) = try filled()
        let stranger = try #require(cluster.stranger(to: keys[0]))
        let promised = cluster.floor(at: stranger)
        // The others take its word up to here: a version as old that it kept now would be lost.
        let old = Object.one("late", by: 901, at: 1_000)
        #expect(old.context.horizon < promised)
        cluster.crash(stranger)
        try cluster.startOver(stranger)
        #expect(cluster.floor(at: stranger) >= promised)
        func keep(_ object: Object) -> ReplicaPutReply.Outcome? {
            let put = ReplicaPut(
                operation: OperationID(rawValue: 77), key: Bytes(text: keys[0]), object: object,
                purpose: .write, heldFor: cluster.nodes[homes[1]].id, durable: false,
                patience: .seconds(1))
            let mark = cluster.sent.count
            cluster.handle(
                .messageReceived(.replication(.put(put)), from: Peer(cluster.nodes[homes[0]].id)),
                at: stranger)
            return cluster.sent(since: mark) { sent in
                if case .replication(.putReplies(let replies)) = sent.message {
                    replies.first?.outcome
                } else {
                    nil
                }
            }.first
        }
        #expect(keep(old) == .refused(.clockSkew))
        #expect(cluster.nodes[stranger].core.pendingHints.count == 0)
        let elapsed = UInt64(cluster.now.since(.start).milliseconds)
        #expect(keep(.one("new", by: 902, at: elapsed + 1)) == .stored)
        for home in homes { #expect(cluster.watermark(0, at: home) <= cluster.floor(at: stranger)) }
    }

    @Test("Hints that go with their disk hold nothing back, and what they carried is not lost")
    func hints() throws {
        var cluster = try Cluster(5)
        let key = cluster.keys(1, of: 0)[0]
        let homes = cluster.homes(of: key)
        cluster.pass(Self.settling)
        cluster.crash(homes[1])
        cluster.pass(.seconds(20))
        cluster.put(key, "hinted", at: homes[0]) { $0.w = .all }
        let keeper = try #require(
            cluster.nodes.indices.first {
                cluster.nodes[$0].isUp && !homes.contains($0)
                    && cluster.nodes[$0].core.pendingHints.count > 0
            })
        cluster.pass(.seconds(60))
        cluster.crash(keeper)
        try cluster.startOver(keeper)
        #expect(cluster.nodes[keeper].core.pendingHints.count == 0)
        try cluster.start(homes[1])
        let written = try #require(cluster.stored(key, at: homes[0]))
        cluster.pass(Self.settling)
        #expect(cluster.isEven)
        for home in homes {
            #expect(cluster.stored(key, at: home) == written)
            #expect(cluster.watermark(0, at: home) >= written.context.horizon)
        }
    }

    @Test("It writes under a name of its own, so that no dot is repeated whatever its clock says")
    func names() throws {
        var (cluster, keys, homes) = try filled()
        let before = cluster.nodes[homes[0]].core.dots.actor
        cluster.crash(homes[0])
        cluster.nodes[homes[0]].clockOffset = -3_600_000
        try cluster.startOver(homes[0])
        let after = cluster.nodes[homes[0]].core.dots.actor
        #expect(after.node != before.node)
        // It hands writes on until its clock is right.
        cluster.nodes[homes[0]].clockOffset = 0
        cluster.pass(.seconds(3))
        cluster.put(keys[0], "again", at: homes[0])
        #expect(
            cluster.stored(keys[0], at: homes[0])?.siblings.map(\.dot.actor) == [after])
        cluster.crash(homes[0])
        try cluster.start(homes[0])
        #expect(cluster.nodes[homes[0]].core.dots.actor.node == after.node)
        #expect(cluster.nodes[homes[0]].core.dots.actor > after)
    }
}
