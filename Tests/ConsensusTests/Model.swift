// Every schedule of a small cluster that decides one epoch, explored with the real nodes. A message
// once sent may be delivered at any time, again, or never; nodes crash and come back with what was
// kept. What a node does is computed once for each of its states and each event, so that a state of
// the cluster is a few numbers.
//
// Votes are delivered by majorities: what a proposer has counted short of one shows nowhere, and is
// lost with the attempt, so that each schedule has an equal one where they come together.
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire

/// What the caller of a node, or its disk, does wrong.
enum Fault: CaseIterable {
    /// Sends before the record is kept.
    case sendsBeforeKeeping
    /// Brings back a record without what was accepted.
    case forgetsAccepted
    /// Lets a node vote whose disk was lost.
    case votesWithoutDisk
    /// Lets a node whose disk was lost propose under the name that it had.
    case keepsNameWithoutDisk
}

/// What is explored.
struct ModelScope {
    /// How many nodes vote; the first ones propose.
    var nodes = 3
    var proposers = 2
    /// How many attempts are made by all proposers together, and how many crashes there are.
    var attempts = 2
    var crashes = 0
    /// Whether crashes lose the disk.
    var losesDisks = false
    var fault: Fault?
    /// How many states of the cluster are looked at.
    var stateLimit = 1_000_000
}

/// What came of it.
struct ModelReport {
    var states = 0
    var isExhausted = false
    /// In how many of the states something was decided.
    var decisions = 0
    /// The first violation, with the events that lead to it.
    var violation: String?
}

/// The cluster, in one state.
private struct ClusterState: Hashable {
    /// The states of the nodes, 12 bits each.
    var nodes: UInt64 = 0
    var sent = MessageSet()
    var attempts: UInt8 = 0
    var crashes: UInt8 = 0
    /// The values that were decided, a bit each.
    var decided: UInt64 = 0

    func node(_ index: Int) -> Int { Int(nodes >> UInt64(12 * index)) & 0xFFF }
    mutating func set(_ index: Int, _ state: Int) {
        nodes &= ~(0xFFF << UInt64(12 * index))
        nodes |= UInt64(state) << UInt64(12 * index)
    }
}

/// Messages by their numbers.
private struct MessageSet: Hashable {
    private var words = SIMD8<UInt64>()

    mutating func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }
    mutating func formUnion(_ other: MessageSet) { words |= other.words }
    func contains(_ number: Int) -> Bool { words[number >> 6] >> UInt64(number & 63) & 1 == 1 }
    func isSubset(of other: MessageSet) -> Bool { words & ~other.words == SIMD8() }

    func hash(into hasher: inout Hasher) {
        var hash: UInt64 = 0
        for index in words.indices where words[index] != 0 {
            hash = StableHash.fold(hash ^ words[index]) &+ UInt64(index)
        }
        hasher.combine(hash)
    }
}

/// Messages that one node receives together.
private struct Delivery {
    let messages: [Int]
    private let set: MessageSet
    private let newest: Int

    init(_ messages: [Int]) {
        self.messages = messages
        newest = messages.max() ?? 0
        var set = MessageSet()
        for message in messages { set.insert(message) }
        self.set = set
    }

    /// Whether all of it was sent; the newest message is the rarest.
    func isPossible(_ sent: MessageSet) -> Bool { sent.contains(newest) && set.isSubset(of: sent) }
}

/// A node with its disk.
private struct Node {
    var chain: EpochChain
    var disk: AcceptorRecord?
    /// How many rings it has proposed, each another.
    var proposals = 0
    /// Under which name it proposes.
    var name: Int
    var mayVote = true

    var fingerprint: String {
        let kept = disk.map { "\($0.promised) \($0.accepted.map { "\($0.ballot)" } ?? "")" }
        return "\(chain) | \(kept ?? "") \(proposals) \(name) \(mayVote)"
    }
}

private struct Post: Hashable {
    let from: Int
    let to: Int
    let bytes: Bytes
}

private struct Step {
    let next: Int
    let sent: MessageSet
    let decided: UInt64
}

/// What can happen to a node.
private enum Event {
    case propose, crash
    /// That delivery of its inbox.
    case receive(Int)

    /// Counted from 0.
    var number: Int {
        switch self {
        case .propose: 0
        case .crash: 1
        case .receive(let delivery): delivery + 2
        }
    }
}

struct Model {
    private let scope: ModelScope
    private let ringKnown: Topology
    private let values: [Topology]
    private var nodes: [[Node]]
    private var numbers: [[String: Int]]
    /// For each node, each of its states and each event, what it does.
    private var steps: [[[Step?]]]
    private var messages: [(from: Int, to: Int, message: DecreeMessage)] = []
    private var messageNumbers: [Post: Int] = [:]
    private var inboxes: [[Delivery]]
    private var complaint: String?

    init(_ scope: ModelScope) {
        self.scope = scope
        ringKnown = ring(scope.nodes)
        values = (0..<16).map { ring(scope.nodes, epoch: 2, weight: UInt32(10 + $0)) }
        nodes = Array(repeating: [], count: scope.nodes)
        numbers = Array(repeating: [:], count: scope.nodes)
        steps = Array(repeating: [], count: scope.nodes)
        inboxes = Array(repeating: [], count: scope.nodes)
    }

    // MARK: Exploring

    mutating func explore() -> ModelReport {
        var report = ModelReport()
        var first = ClusterState()
        for index in 0..<scope.nodes { first.set(index, number(of: born(index), at: index)) }
        var states = [first]
        var origins: [(from: Int, text: (node: Int, event: Event))] = [(-1, (0, .propose))]
        var seen: Set<ClusterState> = [first]
        var next = 0
        while next < states.count, states.count < scope.stateLimit {
            let state = states[next]
            for (node, event) in events(in: state) {
                let step = step(node, event, in: state)
                // A crash without a loss, too, is as if nothing had happened.
                if step.next == state.node(node), step.sent.isSubset(of: state.sent) { continue }
                let after = state.applying(step, node, event)
                guard seen.insert(after).inserted else { continue }
                states.append(after)
                origins.append((next, (node, event)))
                if after.decided != 0 { report.decisions += 1 }
                if let text = complaint ?? after.violation {
                    report.violation = trace(to: states.count - 1, origins) + text
                    report.states = states.count
                    return report
                }
            }
            next += 1
        }
        report.states = states.count
        report.isExhausted = next == states.count
        return report
    }

    private func events(in state: ClusterState) -> [(Int, Event)] {
        var events: [(Int, Event)] = []
        for node in 0..<scope.nodes {
            if node < scope.proposers, state.attempts < scope.attempts {
                events.append((node, .propose))
            }
            if state.crashes < scope.crashes { events.append((node, .crash)) }
            for (number, delivery) in inboxes[node].enumerated()
            where delivery.isPossible(state.sent) {
                events.append((node, .receive(number)))
            }
        }
        return events
    }

    private func trace(
        to last: Int, _ origins: [(from: Int, text: (node: Int, event: Event))]
    ) -> String {
        var lines: [String] = []
        var at = last
        while origins[at].from >= 0 {
            let (node, event) = origins[at].text
            switch event {
            case .propose: lines.append("\(node + 1) proposes")
            case .crash: lines.append("\(node + 1) crashes")
            case .receive(let number):
                for message in inboxes[node][number].messages.reversed() {
                    let (from, to, message) = messages[message]
                    lines.append("\(from + 1) -> \(to + 1): \(words(message))")
                }
            }
            at = origins[at].from
        }
        return lines.reversed().joined(separator: "\n") + "\n"
    }

    // MARK: Nodes

    private func born(_ index: Int) -> Node {
        let chain = chain(index, name: index + 1, record: nil, mayVote: true)
        return Node(chain: chain, name: index + 1)
    }

    private func chain(
        _ index: Int, name: Int, record: AcceptorRecord?, mayVote: Bool
    ) -> EpochChain {
        var options = ConsensusOptions()
        options.patience = .seconds(600)
        var chain = EpochChain(
            local: id(index + 1), name: id(name), options: options,
            random: SeededRandom(seed: 1), record: record)
        var effects: [EpochChain.Effect] = []
        chain.ringChanged(ringKnown, mayVote: mayVote, into: &effects)
        return chain
    }

    private mutating func number(of node: Node, at index: Int) -> Int {
        let text = node.fingerprint
        if let number = numbers[index][text] { return number }
        let number = nodes[index].count
        precondition(number <= 0xFFF, "a node of more than 4,096 states")
        nodes[index].append(node)
        steps[index].append([])
        numbers[index][text] = number
        return number
    }

    private mutating func step(_ index: Int, _ event: Event, in state: ClusterState) -> Step {
        let at = state.node(index)
        let known = steps[index][at].count
        if event.number < known, let step = steps[index][at][event.number] { return step }
        if event.number >= known {
            steps[index][at] += Array(repeating: nil, count: event.number + 1 - known)
        }
        let step = computed(nodes[index][at], index, event)
        steps[index][at][event.number] = step
        return step
    }

    private mutating func computed(_ before: Node, _ index: Int, _ event: Event) -> Step {
        var node = before
        var effects: [EpochChain.Effect] = []
        switch event {
        case .propose where node.chain.nextWakeup == .never:
            let value = values[index * 4 + node.proposals]
            node.proposals += 1
            node.chain.propose(value, as: ProposalID(rawValue: 1), at: .start, into: &effects)
        case .propose: node.chain.tick(at: node.chain.nextWakeup, into: &effects)
        case .crash: crash(&node, index)
        case .receive(let number):
            for message in inboxes[index][number].messages {
                let (from, _, message) = messages[message]
                node.chain.messageReceived(
                    message, from: id(from + 1), at: .start, into: &effects)
            }
        }
        node.chain.checkInvariants()
        var sent = MessageSet()
        var decided: UInt64 = 0
        for effect in effects {
            switch effect {
            case .send(let message, let nodes):
                send(message, from: index, to: nodes, into: &sent)
            case .keep(let record, let message, let nodes):
                if scope.fault != .sendsBeforeKeeping { node.disk = record }
                check(message, of: index, by: node.disk)
                send(message, from: index, to: nodes, into: &sent)
            case .decided(let topology):
                if let value = values.firstIndex(of: topology) {
                    decided |= 1 << UInt64(value)
                } else {
                    complaint = "a ring was decided that nobody proposed"
                }
            case .concluded: break
            case .offerRing, .askRing: complaint = "\(effect) within one epoch"
            }
        }
        return Step(next: number(of: node, at: index), sent: sent, decided: decided)
    }

    private func crash(_ node: inout Node, _ index: Int) {
        if scope.losesDisks {
            node.disk = nil
            node.mayVote = scope.fault == .votesWithoutDisk
            if scope.fault != .keepsNameWithoutDisk {
                node.name = index + 1 + 100 * node.proposals
            }
        }
        if scope.fault == .forgetsAccepted, let kept = node.disk {
            node.disk = Self.forgetting(kept)
        }
        node.chain = chain(index, name: node.name, record: node.disk, mayVote: node.mayVote)
    }

    /// The record without what was accepted.
    private static func forgetting(_ record: AcceptorRecord) -> AcceptorRecord {
        var writer = ByteWriter()
        writer.write(1 as UInt8)
        writer.writeVarint(record.epoch)
        record.promised.encode(into: &writer)
        writer.write(false)
        var reader = ByteReader(writer.take())
        guard let bent = try? AcceptorRecord(from: &reader) else { fatalError("a bent record") }
        return bent
    }

    /// Answers go out once kept, and not before.
    private mutating func check(_ message: DecreeMessage, of index: Int, by disk: AcceptorRecord?) {
        if scope.fault == .sendsBeforeKeeping { return }
        let isBound = disk.map { $0.promised >= message.ballot } ?? false
        let isTaken = disk?.accepted.map { $0.ballot >= message.ballot } ?? false
        if !isBound || message.step == .accepted && !isTaken {
            complaint = "\(index + 1) sends before it has kept: \(words(message))"
        }
    }

    private mutating func send(
        _ message: DecreeMessage, from: Int, to nodes: [NodeID], into sent: inout MessageSet
    ) {
        // Refusals do nothing but to hasten the next attempt, which comes at any time here.
        if case .refused = message.step { return }
        var writer = ByteWriter()
        message.encode(into: &writer)
        for node in nodes {
            let to = Int(node.rawValue) - 1
            let post = Post(from: from, to: to, bytes: writer.bytes)
            if messageNumbers[post] == nil {
                messageNumbers[post] = messages.count
                messages.append((from, to, message))
                addDeliveries(of: messages.count - 1)
            }
            if let number = messageNumbers[post] { sent.insert(number) }
        }
    }
}

extension Model {
    /// A message is delivered alone, and a vote with others that make a majority.
    private mutating func addDeliveries(of number: Int) {
        let (_, to, message) = messages[number]
        guard message.isVote else { return inboxes[to].append(Delivery([number])) }
        var chosen = [[number]]
        for _ in 0..<scope.nodes / 2 {
            chosen = chosen.flatMap { votes in
                messages.indices.filter { other in
                    isVote(other, likeOf: number)
                        && (votes == [number] || other > votes[votes.count - 1])
                        && votes.allSatisfy { messages[$0].from != messages[other].from }
                }.map { votes + [$0] }
            }
        }
        inboxes[to] += chosen.map(Delivery.init)
    }

    private func isVote(_ other: Int, likeOf number: Int) -> Bool {
        let (_, to, message) = messages[number]
        let (_, otherTo, vote) = messages[other]
        return to == otherTo && vote.isVote && vote.ballot == message.ballot
            && (vote.step == .accepted) == (message.step == .accepted)
    }
}

extension DecreeMessage {
    fileprivate var isVote: Bool {
        switch step {
        case .promised, .accepted: true
        case .prepare, .accept, .refused: false
        }
    }
}

extension ClusterState {
    fileprivate func applying(_ step: Step, _ node: Int, _ event: Event) -> ClusterState {
        var after = self
        after.set(node, step.next)
        after.sent.formUnion(step.sent)
        after.decided |= step.decided
        switch event {
        case .propose: after.attempts += 1
        case .crash: after.crashes += 1
        case .receive: break
        }
        return after
    }

    fileprivate var violation: String? {
        decided.nonzeroBitCount > 1 ? "two rings are decided for one epoch" : nil
    }
}
