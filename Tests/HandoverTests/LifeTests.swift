// Whole lives: homes change again and again, rings are learnt late, nodes crash, messages are lost;
// clients write under the rules of moves. What they were told of is there in the end.
import MartletBase
import MartletHandover
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

/// A stand of which the ring changes, with clients.
private struct Life {
    var stand: Stand
    var rings: [Topology]
    var homes = [0, 1, 2]
    /// Those that held all last, while it moves.
    var former: [Int] = []
    var since: UInt64 = 0
    /// What clients were told of.
    var acknowledged: [String] = []
    var writes: UInt64 = 0
    var random: SeededRandom

    static let nodes = 5

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed, stream: "life")
        stand = try Stand(Self.nodes, seed: seed) {
            $0.chunkBytes = 1 << 10
            $0.checkpointBytes = 2 << 10
            $0.patience = .milliseconds(50)
            $0.offerInterval = .milliseconds(300)
        }
        rings = [try stand.ring(1, homes: homes)]
        stand.learn(rings[0])
        stand.fate = { sent, random in
            Array(repeating: sent.message, count: [0, 1, 1, 1, 1, 1, 2][random.below(7)])
        }
        stand.start()
    }

    var ring: Topology { rings[rings.count - 1] }

    // MARK: The ring

    /// The next ring, which some nodes learn at once.
    mutating func decide(_ homes: [Int], former: [Int], isOn: Bool) throws {
        let epoch = ring.epoch + 1
        if !isOn { since = epoch }
        self.homes = homes
        self.former = former
        rings.append(try stand.ring(epoch, homes: homes, former: former, since: since))
        for node in 0..<Self.nodes where random.chance(0.5) { learn(node) }
    }

    mutating func learn(_ node: Int) {
        guard stand.parts[node].isUp, stand.parts[node].topology?.epoch != ring.epoch else {
            return
        }
        stand.learn(ring, only: [node])
    }

    /// Whether all who are to be filled are.
    private static func isFilled(_ ring: Topology, _ stand: Stand) -> Bool {
        let view = ring.view(of: Partition(index: 0))
        return view.filling.allSatisfy { id in
            let part = stand.parts[Int(id.rawValue) - 1]
            let filled = part.handover.filled.count { $0.since == view.since }
            return part.isUp && filled == stand.partitionCount.value
        }
    }

    var isFilled: Bool { !former.isEmpty && Self.isFilled(ring, stand) }

    mutating func change() throws {
        if isFilled { return try decide(homes, former: [], isOn: true) }
        var nodes = Array(0..<Self.nodes)
        for index in nodes.indices.reversed() { nodes.swapAt(index, random.below(index + 1)) }
        let next = Array(nodes.prefix(3))
        if former.isEmpty {
            if Set(next) != Set(homes) { try decide(next, former: homes, isOn: false) }
        } else if random.chance(0.04) {
            // Back to where it was.
            if Set(former) != Set(homes) { try decide(former, former: [], isOn: true) }
        } else if random.chance(0.06), Set(next) != Set(former), Set(next) != Set(homes) {
            try decide(next, former: former, isOn: false)
        }
    }

    // MARK: Clients

    /// A write, by whoever knows a ring: those of older ones learn, those of newer ones refuse.
    mutating func write() throws {
        writes += 1
        let node = random.below(Self.nodes)
        guard stand.parts[node].isUp, let ring = stand.parts[node].topology else { return }
        let key = "key \(writes)"
        let view = ring.view(of: ring.partition(ofKey: Bytes(text: key)))
        var takers: Set<NodeID> = []
        for id in view.all where !random.chance(0.2) {
            let other = Int(id.rawValue) - 1
            guard stand.parts[other].isUp, let known = stand.parts[other].topology,
                known.epoch <= ring.epoch
            else { continue }
            if known.epoch < ring.epoch { stand.learn(ring, only: [other]) }
            let partition = ring.partition(ofKey: Bytes(text: key))
            if stand.parts[other].handover.isClearing(partition) { continue }
            try stand.put(node, key, [7], to: other)
            stand.sync(other)
            takers.insert(id)
        }
        let isEnough = [view.homes, view.former].allSatisfy { homes in
            homes.isEmpty || homes.count(where: takers.contains) > homes.count / 2
        }
        if isEnough { acknowledged.append(key) }
    }

    // MARK: Steps

    mutating func step() throws {
        switch random.below(20) {
        case 0...11: try write()
        case 12, 13: try change()
        case 14...16: learn(random.below(Self.nodes))
        case 17:
            if let down = stand.parts.firstIndex(where: { !$0.isUp }) {
                try stand.restart(down)
            } else {
                stand.crash(random.below(Self.nodes))
            }
        default: stand.run(for: .milliseconds(random.below(60)))
        }
    }

    /// All is well from now on, until nothing moves and nothing is left over.
    mutating func heal() throws -> Bool {
        stand.fate = { sent, _ in [sent.message] }
        for node in 0..<Self.nodes where !stand.parts[node].isUp { try stand.restart(node) }
        for node in 0..<Self.nodes { learn(node) }
        if !former.isEmpty {
            let ring = ring
            guard stand.run(for: .seconds(120), until: { Self.isFilled(ring, $0) }) else {
                return false
            }
            try change()
            for node in 0..<Self.nodes { learn(node) }
        }
        let others = (0..<Self.nodes).filter { !homes.contains($0) }
        return stand.run(for: .seconds(120)) { stand in
            others.allSatisfy { stand.count($0) == 0 }
        }
    }
}

@Suite("Lives of moves") struct LifeTests {
    @Test("Whatever a client was told of is there when all has moved", arguments: 0..<12)
    func nothingIsLost(seed: UInt64) throws {
        var life = try Life(seed: seed)
        for _ in 0..<400 { try life.step() }
        #expect(try life.heal())
        #expect(life.acknowledged.count > 20)
        for key in life.acknowledged {
            let holders = life.homes.count { life.stand.holds($0, key) }
            #expect(holders >= 2, "\(key) of \(life.homes)")
        }
        #expect(life.rings.count > 2)
    }
}
