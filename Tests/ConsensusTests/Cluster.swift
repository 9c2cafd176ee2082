// A cluster whose ring changes again and again while messages are lost, late and doubled, nodes
// crash with what they have not kept yet, and disks are lost; each step drawn from a seed.
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire

struct Cluster {
    /// What is on its way.
    enum Parcel {
        case decree(DecreeMessage)
        case ring(Topology)
        case ask
    }

    struct Post {
        let from: Int
        let to: Int
        let parcel: Parcel
    }

    /// A record that is not on disk yet, and what goes out once it is.
    struct Keeping {
        let record: AcceptorRecord
        let message: DecreeMessage
        let nodes: [NodeID]
    }

    struct Node {
        var chain: EpochChain
        var ring: Topology?
        var record: AcceptorRecord?
        var keeping: [Keeping] = []
        /// Under which name it proposes.
        var name: Int
        /// Before this epoch it does not vote.
        var votesFrom: UInt64 = 0
    }

    /// An operator's change, and what he was told.
    struct Change {
        let wanted: Topology
        var outcome: ProposalOutcome?
    }

    private(set) var nodes: [Node] = []
    private(set) var posts: [Post] = []
    /// What was decided, by epoch from 1.
    private(set) var history: [Topology]
    private(set) var changes: [Change] = []
    private(set) var complaints: [String] = []
    private(set) var marks = Marks<ConsensusMark>()
    var random: SeededRandom
    private var now: Instant = .start
    private var lives: UInt64 = 0
    private var isHealed = false
    /// Nothing reaches these, nor comes from them.
    private var cutOff: Set<Int> = []

    static let nodeCount = 7
    static let postLimit = 200

    init(seed: UInt64) {
        random = SeededRandom(seed: seed, stream: "cluster")
        history = [ring(5)]
        for index in 0..<Self.nodeCount {
            let chain = EpochChain(
                local: id(index + 1), name: id(index + 1), random: SeededRandom(seed: 0),
                record: nil)
            nodes.append(Node(chain: chain, name: index + 1))
            start(index)
            if index < 5 { learn(history[0], at: index) }
        }
    }

    var epoch: UInt64 { UInt64(history.count) }

    // MARK: Steps

    mutating func step() {
        let node = random.below(nodes.count)
        switch random.below(100) {
        case 0..<55: deliver()
        case 55..<91: sync(node)
        case 91 where random.chance(0.4): tick()
        case 92..<95: give(from: node, to: random.below(nodes.count))
        case 95: propose(at: node)
        case 96 where random.chance(0.5): start(node)
        case 97 where random.chance(0.1): loseDisk(of: node)
        case 98 where random.chance(0.3):
            cutOff = random.chance(0.5) ? [] : Set(nodes.indices.filter { _ in random.chance(0.4) })
        default: break
        }
    }

    /// Nothing is lost from now on, and all learn the latest ring.
    mutating func heal() {
        isHealed = true
        cutOff = []
        for index in nodes.indices where nodes[index].ring != nil || index < 5 {
            learn(history[history.count - 1], at: index)
        }
    }

    /// Runs until nothing is open.
    mutating func settle() {
        for _ in 0..<20_000 {
            for index in nodes.indices { sync(index) }
            if !posts.isEmpty { deliver() } else if !tick() { return }
        }
        complaints.append("does not settle")
    }

    /// A change of any member, drawn; the number of it.
    @discardableResult
    mutating func propose(at index: Int) -> Int? {
        guard let present = nodes[index].ring else { return nil }
        let numbers = (1...Self.nodeCount).filter { _ in random.chance(0.7) }
        let wanted = ring(
            of: numbers.count < 3 ? [1, 2, 3] : numbers, epoch: present.epoch + 1,
            weight: UInt32(changes.count + 2))
        changes.append(Change(wanted: wanted))
        var effects: [EpochChain.Effect] = []
        nodes[index].chain.propose(
            wanted, as: ProposalID(rawValue: UInt64(changes.count - 1)), at: now, into: &effects)
        carryOut(effects, of: index)
        return changes.count - 1
    }

    private mutating func deliver() {
        guard !posts.isEmpty else { return }
        let index = random.below(posts.count)
        let post = posts[index]
        let isDoubled = !isHealed && random.chance(0.1)
        if !isDoubled {
            posts.swapAt(index, posts.count - 1)
            posts.removeLast()
        }
        if !isHealed, random.chance(0.05) { return }
        let isCut = cutOff.contains(post.from) || cutOff.contains(post.to)
        if isCut, post.from != post.to { return }
        switch post.parcel {
        case .decree(let message):
            var effects: [EpochChain.Effect] = []
            nodes[post.to].chain.messageReceived(
                message, from: id(post.from + 1), at: now, into: &effects)
            carryOut(effects, of: post.to)
        case .ring(let topology): learn(topology, at: post.to)
        case .ask: give(from: post.to, to: post.from)
        }
    }

    /// The disk has what was to be kept, and what waited for that goes out.
    private mutating func sync(_ index: Int) {
        let count = isHealed ? nodes[index].keeping.count : random.below(3)
        for keeping in nodes[index].keeping.prefix(count) {
            nodes[index].record = keeping.record
            send(.decree(keeping.message), from: index, to: keeping.nodes)
        }
        nodes[index].keeping.removeFirst(min(count, nodes[index].keeping.count))
    }

    /// The next that is due; false when nothing is.
    @discardableResult
    private mutating func tick() -> Bool {
        guard
            let index = nodes.indices.min(by: {
                nodes[$0].chain.nextWakeup < nodes[$1].chain.nextWakeup
            }), nodes[index].chain.nextWakeup < .never
        else { return false }
        now = max(now, nodes[index].chain.nextWakeup)
        var effects: [EpochChain.Effect] = []
        nodes[index].chain.tick(at: now, into: &effects)
        carryOut(effects, of: index)
        return true
    }

    private mutating func give(from index: Int, to other: Int) {
        if let ring = nodes[index].ring { send(.ring(ring), from: index, to: [id(other + 1)]) }
    }

    /// The node crashes, if it was there, and starts with what it has kept.
    private mutating func start(_ index: Int) {
        let node = nodes[index]
        lives += 1
        marks.formUnion(node.chain.marks)
        nodes[index].keeping = []
        nodes[index].chain = EpochChain(
            local: id(index + 1), name: id(node.name),
            random: SeededRandom(seed: lives, stream: "chain"), record: node.record)
        nodes[index].ring = nil
        if let ring = node.ring { learn(ring, at: index) }
    }

    /// Only one node at a time is without a vote, or the ring could not change any more. What it
    /// may have voted on before is every epoch that there is.
    private mutating func loseDisk(of index: Int) {
        guard nodes.allSatisfy({ $0.votesFrom <= epoch }), nodes[index].ring != nil else { return }
        nodes[index].record = nil
        nodes[index].ring = nil
        nodes[index].name += 100
        nodes[index].votesFrom = epoch + 1
        start(index)
    }

    private mutating func learn(_ topology: Topology, at index: Int) {
        guard topology.epoch > nodes[index].ring?.epoch ?? 0 else { return }
        nodes[index].ring = topology
        var effects: [EpochChain.Effect] = []
        nodes[index].chain.ringChanged(
            topology, mayVote: topology.epoch >= nodes[index].votesFrom, into: &effects)
        carryOut(effects, of: index)
    }

    // MARK: Effects

    private mutating func carryOut(_ effects: [EpochChain.Effect], of index: Int) {
        nodes[index].chain.checkInvariants()
        for effect in effects {
            switch effect {
            case .send(let message, let nodes): send(.decree(message), from: index, to: nodes)
            case .keep(let record, let message, let others):
                nodes[index].keeping.append(
                    Keeping(record: record, message: message, nodes: others))
            case .decided(let topology):
                decided(topology, by: index)
                learn(topology, at: index)
            case .concluded(let number, let outcome):
                let number = Int(number.rawValue)
                if changes[number].outcome != nil { complaints.append("#\(number) ends twice") }
                changes[number].outcome = outcome
            case .offerRing(let other): give(from: index, to: Int(other.rawValue) - 1)
            case .askRing(let other): send(.ask, from: index, to: [other])
            }
        }
        let next = nodes[index].chain.nextWakeup
        if next < now { complaints.append("n\(index + 1) wanted to be called at \(next)") }
    }

    private mutating func decided(_ topology: Topology, by index: Int) {
        if topology.epoch == epoch + 1 { return history.append(topology) }
        let known = history[Int(topology.epoch) - 1]
        if known != topology {
            complaints.append(
                "epoch \(topology.epoch) is \(words(known)), and n\(index + 1) says "
                    + words(topology))
        }
    }

    private mutating func send(_ parcel: Parcel, from: Int, to nodes: [NodeID]) {
        for node in nodes {
            if posts.count >= Self.postLimit { posts.remove(at: random.below(posts.count)) }
            posts.append(Post(from: from, to: Int(node.rawValue) - 1, parcel: parcel))
        }
    }
}
