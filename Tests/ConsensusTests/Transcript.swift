// Some nodes under a test's hand: their messages are delivered when the test says so, and what they
// do comes out as lines. Records are kept at once; rings that are offered or asked for arrive so.
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire

/// Nodes 1, 2, … of one ring, each with its disk, and the messages between them.
struct Transcript {
    /// A message on its way.
    struct Post {
        let from: Int
        let to: Int
        let message: DecreeMessage
    }

    private(set) var chains: [EpochChain] = []
    private(set) var rings: [Topology]
    private(set) var disks: [AcceptorRecord?]
    private(set) var posts: [Post] = []
    private(set) var lines: [String] = []
    /// Nodes that nothing reaches.
    var cutOff: Set<Int> = []
    /// Nodes whose storage keeps nothing more.
    var refusing: Set<Int> = []
    var now: Instant = .start

    init(_ count: Int) {
        disks = Array(repeating: nil, count: count)
        rings = Array(repeating: ring(count), count: count)
        for number in 1...count {
            chains.append(Self.chain(number, record: nil))
            adopt(rings[0], at: number)
        }
    }

    private static func chain(
        _ number: Int, name: Int? = nil, record: AcceptorRecord?
    ) -> EpochChain {
        EpochChain(
            local: id(number), name: id(name ?? number),
            random: SeededRandom(seed: UInt64(number), stream: "chain"), record: record)
    }

    // MARK: Events

    mutating func propose(_ next: Topology, as number: UInt64, by node: Int) {
        var effects: [EpochChain.Effect] = []
        chains[node - 1].propose(
            next, as: ProposalID(rawValue: number), at: now, into: &effects)
        carryOut(effects, of: node)
    }

    mutating func adopt(_ topology: Topology, at node: Int, mayVote: Bool = true) {
        rings[node - 1] = topology
        var effects: [EpochChain.Effect] = []
        chains[node - 1].ringChanged(topology, mayVote: mayVote, into: &effects)
        carryOut(effects, of: node)
    }

    mutating func receive(_ message: DecreeMessage, from sender: Int, at node: Int) {
        var effects: [EpochChain.Effect] = []
        chains[node - 1].messageReceived(message, from: id(sender), at: now, into: &effects)
        carryOut(effects, of: node)
    }

    /// The node comes back with what it had kept.
    mutating func restart(_ node: Int) {
        lose { $0.from == node || $0.to == node }
        chains[node - 1] = Self.chain(node, record: disks[node - 1])
        adopt(rings[node - 1], at: node)
    }

    /// The node comes back on an empty disk, with another name for its ballots, and hears of
    /// `topology` first.
    mutating func loseDisk(_ node: Int, hearing topology: Topology) {
        lose { $0.from == node || $0.to == node }
        disks[node - 1] = nil
        chains[node - 1] = Self.chain(node, name: 100 + node, record: nil)
        adopt(topology, at: node, mayVote: false)
    }

    /// Delivers all that is on its way, and what comes of it, in order.
    mutating func settle() {
        while !posts.isEmpty { deliver { _ in true } }
    }

    /// Delivers the messages that are on their way now and wanted; the others stay.
    mutating func deliver(_ isWanted: (Post) -> Bool) {
        let due = posts.filter(isWanted)
        posts.removeAll(where: isWanted)
        for post in due {
            let isLocal = post.from == post.to
            guard isLocal || !cutOff.contains(post.to) && !cutOff.contains(post.from) else {
                continue
            }
            receive(post.message, from: post.from, at: post.to)
        }
    }

    /// Loses the messages that are on their way and meant.
    mutating func lose(_ isMeant: (Post) -> Bool) { posts.removeAll(where: isMeant) }

    /// Lets time pass until nobody waits for anything, delivering all at once; at most so long.
    mutating func pass(until end: Instant) {
        settle()
        while let node = chains.indices.min(by: { chains[$0].nextWakeup < chains[$1].nextWakeup }),
            chains[node].nextWakeup <= end
        {
            now = max(now, chains[node].nextWakeup)
            var effects: [EpochChain.Effect] = []
            chains[node].tick(at: now, into: &effects)
            carryOut(effects, of: node + 1)
            settle()
        }
        now = max(now, end)
    }

    // MARK: Effects

    /// The lines since the last call.
    mutating func take() -> [String] {
        defer { lines = [] }
        return lines
    }

    private mutating func carryOut(_ effects: [EpochChain.Effect], of node: Int) {
        chains[node - 1].checkInvariants()
        for effect in effects {
            lines.append("n\(node): \(words(effect))")
            switch effect {
            case .send(let message, let nodes): post(message, from: node, to: nodes)
            case .keep where refusing.contains(node): break
            case .keep(let record, let message, let nodes):
                disks[node - 1] = record
                post(message, from: node, to: nodes)
            case .decided(let topology): adopt(topology, at: node)
            case .offerRing(let other): pass(ringOf: node, to: Int(other.rawValue))
            case .askRing(let other): pass(ringOf: Int(other.rawValue), to: node)
            case .concluded: break
            }
        }
    }

    private mutating func pass(ringOf giver: Int, to taker: Int) {
        guard !cutOff.contains(giver), !cutOff.contains(taker) else { return }
        if rings[giver - 1].epoch > rings[taker - 1].epoch { adopt(rings[giver - 1], at: taker) }
    }

    private mutating func post(_ message: DecreeMessage, from: Int, to nodes: [NodeID]) {
        for node in nodes {
            posts.append(Post(from: from, to: Int(node.rawValue), message: message))
        }
    }
}
