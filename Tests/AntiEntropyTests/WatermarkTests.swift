// Up to where a partition is settled: what moves that, what holds it back, and what outlasts a
// restart.
import MartletBase
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy
@testable import MartletNode

@Suite("Watermarks")
struct WatermarkTests {
    /// The least and the greatest watermark of a partition among its homes.
    private func marks(_ cluster: Cluster, _ partition: UInt16 = 0) -> [HybridTimestamp] {
        cluster.homes(of: partition).map { cluster.watermark(partition, at: $0) }
    }

    private func age(_ cluster: Cluster, at number: Int, _ partition: UInt16 = 0) -> Duration {
        let wall = cluster.moment(number).wall.milliseconds
        let mark = cluster.watermark(partition, at: number).wall.milliseconds
        return .milliseconds(wall - mark)
    }

    @Test("Where all is well, every home's watermark follows the clock")
    func advances() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        for partition in 0..<4 as Range<UInt16> {
            for home in cluster.homes(of: partition) {
                // The promise's lag and interval, and two periods at the most.
                #expect(age(cluster, at: home, partition) < .seconds(30 + 13 + 2 * 75))
            }
        }
    }

    @Test("No watermark is later than any node's promise, whatever the clocks say")
    func belowEveryPromise() throws {
        var cluster = try Cluster()
        for (number, offset) in [20_000, -25_000, 0, 9_000].enumerated() {
            cluster.nodes[number].clockOffset = Int64(offset)
        }
        for _ in 0..<40 {
            cluster.pass(.seconds(10))
            let floors = cluster.nodes.indices.map { cluster.floor(at: $0) }
            for partition in 0..<4 as Range<UInt16> {
                for mark in marks(cluster, partition) { #expect(mark <= floors.min()!) }
            }
        }
        #expect(marks(cluster).allSatisfy { $0.bits > 0 })
    }

    @Test("A hint that any node keeps in the partition holds its watermark, and no other's")
    func hints() throws {
        var cluster = try Cluster(5)
        let key = cluster.keys(1, of: 0)[0]
        cluster.pass(.seconds(300))
        let home = cluster.homes(of: key)[1]
        let coordinator = cluster.homes(of: key)[0]
        cluster.crash(home)
        cluster.pass(.seconds(20))
        cluster.put(key, "hinted", at: coordinator)
        let keepers = cluster.nodes.indices.filter {
            cluster.nodes[$0].isUp && cluster.nodes[$0].core.pendingHints.count > 0
        }
        #expect(!keepers.isEmpty)
        // The home is back, and the fallback cannot reach it: everything else is as it should be.
        let keeper = keepers[0]
        cluster.loses = { [home] sent in
            sent.put?.purpose == .hint && sent.from == keeper && sent.to == home
        }
        try cluster.start(home)
        cluster.pass(.seconds(60))
        let before = marks(cluster)
        cluster.pass(.seconds(600))
        #expect(marks(cluster) == before)
        #expect(
            cluster.provable(0, at: coordinator)
                == .failure(.hinting(cluster.nodes[keeper].id)))
        let other = (1..<5 as Range<UInt16>).first {
            $0 < 4 && cluster.nodes[cluster.homes(of: $0)[0]].isUp
        }
        if let other {
            #expect(age(cluster, at: cluster.homes(of: other)[0], other) < .seconds(193))
        }
        cluster.loses = { _ in false }
        cluster.pass(.seconds(300))
        #expect(marks(cluster).allSatisfy { mark in before.allSatisfy { mark > $0 } })
    }

    @Test("A home that is away holds the watermark, though the others are equal")
    func homeAway() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let homes = cluster.homes(of: 0)
        cluster.crash(homes[2])
        cluster.pass(.seconds(100))
        let before = homes.dropLast().map { cluster.watermark(0, at: $0) }
        cluster.pass(.seconds(600))
        #expect(homes.dropLast().map { cluster.watermark(0, at: $0) } == before)
        try cluster.start(homes[2])
        cluster.pass(.seconds(300))
        #expect(age(cluster, at: homes[2]) < .seconds(193))
    }

    @Test("Two homes that cannot reach each other hold it, though both reach the third")
    func linkCut() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let homes = cluster.homes(of: 0)
        cluster.link(homes[0], homes[1], isOpen: false)
        cluster.pass(.seconds(100))
        let before = marks(cluster)
        cluster.pass(.seconds(600))
        #expect(marks(cluster) == before)
    }

    @Test("A node that is silent holds it, also one that is no home")
    func silentNode() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let stranger = try #require(cluster.stranger(to: cluster.keys(1, of: 0)[0]))
        cluster.crash(stranger)
        cluster.pass(.seconds(200))
        let before = marks(cluster)
        #expect(before.allSatisfy { $0.bits > 0 })
        cluster.pass(.seconds(600))
        #expect(marks(cluster) == before)
    }

    @Test("A node that never spoke lets nothing be settled at all")
    func neverHeard() throws {
        var cluster = try Cluster()
        cluster.loses = { sent in
            if case .promise = sent.exchange { sent.from == 3 } else { false }
        }
        cluster.pass(.seconds(600))
        for node in 0..<3 {
            // Node 3 knows its own promise, and proves those of which it is the first home.
            let owned = (0..<4 as Range<UInt16>).filter {
                cluster.homes(of: $0).contains(node) && cluster.homes(of: $0)[0] != 3
            }
            #expect(owned.allSatisfy { cluster.watermark($0, at: node).bits == 0 })
        }
    }

    @Test("A clock that jumps ahead by years binds its node to no such time")
    func jumpIsBounded() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(120))
        let jumped = cluster.homes(of: 0)[0]
        let others = cluster.nodes.indices.filter { $0 != jumped }
        cluster.nodes[jumped].clockOffset = 3 * 365 * 86_400_000
        cluster.pass(.seconds(60))
        let latest = try #require(others.map { cluster.floor(at: $0) }.max())
        let bound = latest.wall.milliseconds + 600_000
        #expect(cluster.floor(at: jumped).wall.milliseconds <= bound)
        cluster.nodes[jumped].clockOffset = 0
        cluster.pass(.seconds(900))
        let mark = cluster.watermark(0, at: jumped)
        cluster.pass(.seconds(300))
        #expect(cluster.watermark(0, at: jumped) > mark)
    }

    @Test("A promise outlasts a restart, though the clock has gone back a day")
    func promiseIsDurable() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let homes = cluster.homes(of: 0)
        let floor = cluster.floor(at: homes[0])
        let marks = cluster.watermark(0, at: homes[0])
        cluster.crash(homes[0])
        cluster.nodes[homes[0]].clockOffset = -86_400_000
        try cluster.start(homes[0])
        #expect(cluster.floor(at: homes[0]) >= floor)
        #expect(cluster.watermark(0, at: homes[0]) == marks)
        let key = cluster.keys(1, of: 0)[0]
        cluster.put(key, "late", at: homes[0]) { $0.w = .all }
        let written = try #require(cluster.stored(key, at: homes[0]))
        #expect(written.siblings.allSatisfy { $0.timestamp > floor })
        let mark = cluster.sent.count
        cluster.pass(.seconds(60))
        for case .promise(let promise) in cluster.sent(
            since: mark,
            { sent in
                sent.from == homes[0] ? sent.exchange : nil
            })
        { #expect(promise.floor >= floor) }
    }

    @Test("What nodes promise never falls, and is synced before anybody hears of it")
    func promisesAreMonotone() throws {
        var cluster = try Cluster()
        var random = SeededRandom(seed: 4)
        for _ in 0..<30 {
            cluster.nodes[random.below(4)].clockOffset = Int64(random.below(120_000)) - 60_000
            cluster.pass(.seconds(10))
            if random.chance(0.2) {
                let number = random.below(4)
                cluster.crash(number)
                cluster.pass(.seconds(5))
                try cluster.start(number)
            }
        }
        var last: [Int: HybridTimestamp] = [:]
        for sent in cluster.sent {
            guard case .promise(let promise) = sent.exchange else { continue }
            // To each other node in turn, so that one node's come in groups of the same floor.
            if let earlier = last[sent.from] { #expect(promise.floor >= earlier) }
            last[sent.from] = promise.floor
        }
        #expect(last.count == 4)
    }

    @Test("A promise that was overtaken by a later one is let go")
    func overtaken() throws {
        let here = try PartStand().here
        let node = PartStand.second.node
        var promises = Promises(from: here.engine)
        var effects: [AntiEntropyEffect] = []
        func take(_ floor: UInt64, _ hinted: [UInt16]) {
            promises.received(
                Promise(floor: HybridTimestamp(bits: floor), hinted: hinted, epoch: .max),
                from: Peer(node),
                into: &effects)
        }
        #expect(promises.floor(of: 0, among: [node], here) == .failure(.silent(node)))
        take(9, [])
        take(5, [0])
        #expect(promises.floor(of: 0, among: [node], here) == .success(HybridTimestamp(bits: 9)))
        take(9, [0, 4])
        #expect(promises.floor(of: 4, among: [node], here) == .failure(.hinting(node)))
        #expect(promises.floor(of: 3, among: [node], here) == .success(HybridTimestamp(bits: 9)))
    }
}

@Suite("Watermarks and a storage that is behind")
struct BacklogTests {
    @Test("A storage that is behind is given no watermarks: it would never catch up for them")
    func behind() throws {
        var stand = try PartStand(flushBytes: 1 << 10)
        let engine = stand.engine
        let (first, second) = (HybridTimestamp(bits: 1 << 16), HybridTimestamp(bits: 2 << 16))
        let advances = stand.times.adopt(first, of: 0, in: engine, into: &stand.effects)
        #expect(advances)
        #expect(stand.take() == [.settle(Partition(index: 0), upTo: first)])
        var batch = WriteBatch()
        batch.put(.object(partition: 0, key: [1]), Bytes(repeating: 1, count: 8 << 10))
        try engine.write(batch)
        #expect(engine.refusal != nil)
        let appended = engine.appended
        let advancesOn = stand.times.adopt(second, of: 0, in: engine, into: &stand.effects)
        #expect(!advancesOn)
        #expect(stand.take() == [] && stand.times.watermark(0) == first)
        #expect(engine.appended == appended)
    }
}

@Suite("Nodes that have lost data, and settled partitions")
struct DoubtTests {
    @Test(
        "A node that lost data judges nothing until it equals every other home, restart or not",
        arguments: [false, true])
    func doubt(restarts: Bool) throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let homes = cluster.homes(of: 0)
        let mark = cluster.watermark(0, at: homes[1])
        cluster.link(homes[1], homes[2], isOpen: false)
        cluster.damage(0, at: homes[1])
        #expect(cluster.trusted(0, at: homes[1]).bits == 0)
        #expect(cluster.watermark(0, at: homes[1]) == mark)
        if restarts {
            cluster.crash(homes[1])
            try cluster.start(homes[1])
            cluster.link(homes[1], homes[2], isOpen: false)
        }
        cluster.pass(.seconds(300))
        #expect(cluster.trusted(0, at: homes[1]).bits == 0, "one of two has answered")
        #expect(cluster.trusted(1, at: homes[1]) == cluster.watermark(1, at: homes[1]))
        cluster.link(homes[1], homes[2], isOpen: true)
        cluster.pass(.seconds(150))
        #expect(cluster.trusted(0, at: homes[1]) >= mark)
    }

    @Test("Doubts that a full disk has refused are written down with what comes of the damage")
    func doubtsOutlastFullDisk() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let homes = cluster.homes(of: 0)
        let engine = cluster.nodes[homes[1]].engine
        engine.logAnswered(.full(DiskError(.write, "log", .noSpace)))
        cluster.damage(0, at: homes[1])
        engine.logAnswered(.synced(engine.appended))
        let dots = cluster.nodes[homes[1]].core.dots
        cluster.nodes[homes[1]].core.shard.renewal = ActorRenewal(dots: dots, position: nil)
        cluster.handle(.ticked, at: homes[1])
        cluster.crash(homes[1])
        try cluster.start(homes[1])
        #expect(cluster.trusted(0, at: homes[1]).bits == 0)
        #expect(cluster.trusted(1, at: homes[1]).bits > 0)
    }

    @Test("An answer to a root from before the loss ends no doubt")
    func answerToOldRoot() throws {
        var cluster = try Cluster()
        cluster.pass(.seconds(300))
        let home = cluster.homes(of: 0)[0]
        let before = cluster.sent.count
        _ = cluster.nodes[home].core.shard.antiEntropy.repair([0], at: cluster.moment(home))
        cluster.handle(.ticked, at: home)
        #expect(cluster.sent.count == before + 2, "a root to each of the others")
        cluster.damage(0, at: home)
        cluster.pass(.milliseconds(5))
        #expect(cluster.trusted(0, at: home).bits == 0, "they were equal to what is lost")
        cluster.pass(.seconds(150))
        #expect(cluster.trusted(0, at: home).bits > 0)
    }

    @Test("What it lost it takes back, however old")
    func takesBack() throws {
        var cluster = try Cluster()
        let key = cluster.keys(1, of: 0)[0]
        cluster.put(key, "old", at: 0) { $0.w = .all }
        cluster.pass(.seconds(300))
        let home = cluster.homes(of: 0)[1]
        let object = try #require(cluster.stored(key, at: home))
        #expect(object.context.horizon <= cluster.watermark(0, at: home))
        try cluster.lose(key, at: home)
        cluster.pass(.seconds(150))
        #expect(cluster.stored(key, at: home) == object)
        #expect(cluster.trusted(0, at: home) == cluster.watermark(0, at: home))
    }
}
