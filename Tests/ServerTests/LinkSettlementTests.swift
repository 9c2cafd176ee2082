// Two nodes that dial each other, in every order in which their words can arrive: both end with the
// same connection, and nothing but hellos was ever sent on one that was given up.
import MartletBase
import MartletServer
import Testing

/// What travels on a connection, in order for each direction.
private enum Word: Hashable {
    case hello, begin, message, end
}

/// Two ends and what is under way between them: a state to be searched from.
private struct Pair: Hashable {
    /// One connection, by its index in `connections`.
    struct Connection: Hashable {
        var dialler: Int
        /// Whether the other end has seen it.
        var isConnected = false
        /// Words under way to each end.
        var underWay: [[Word]] = [[], []]
        /// Whether an end has closed it, or has heard that it is closed.
        var isOver = [false, false]
        /// Whether an end has sent a message on it.
        var carried = [false, false]
    }

    var ends = [
        LinkSettlement(local: NodeID(rawValue: 1), peer: NodeID(rawValue: 2)),
        LinkSettlement(local: NodeID(rawValue: 2), peer: NodeID(rawValue: 1)),
    ]
    var connections: [Connection] = []
    /// How often each end may dial yet.
    var dialsLeft = [2, 2]
    /// How often end 1 may start anew yet, without a word to the other.
    var restartsLeft = 0
    /// Messages that were under way on a connection when its receiver closed it.
    var lost = 0

    /// Every state that may come next.
    var successors: [Pair] {
        var all: [Pair] = []
        for end in 0...1 where dialsLeft[end] > 0 && ends[end].mayDial {
            var next = self
            next.dialsLeft[end] -= 1
            next.ends[end].dialled(connections.count)
            next.connections.append(Connection(dialler: end))
            all.append(next)
        }
        for index in connections.indices {
            let connection = connections[index]
            if !connection.isConnected, !connection.isOver[connection.dialler] {
                var next = self
                next.connections[index].isConnected = true
                next.perform(next.ends[connection.dialler].connected(index), at: connection.dialler)
                all.append(next)
            }
            for end in 0...1 where !connection.underWay[end].isEmpty {
                var next = self
                next.deliver(index, to: end)
                all.append(next)
            }
        }
        if restartsLeft > 0 { all.append(restarted) }
        return all
    }

    /// End 1 starts anew; the other hears nothing of it on the connections that there are.
    private var restarted: Pair {
        var next = self
        next.restartsLeft -= 1
        next.dialsLeft[1] += 1
        next.ends[1] = LinkSettlement(local: NodeID(rawValue: 2), peer: NodeID(rawValue: 1))
        for index in next.connections.indices {
            next.connections[index].isOver[1] = true
            next.connections[index].underWay = [[], []]
        }
        return next
    }

    private mutating func deliver(_ index: Int, to end: Int) {
        let word = connections[index].underWay[end].removeFirst()
        if connections[index].isOver[end] {
            if word == .message { lost += 1 }
            return
        }
        switch word {
        case .hello where connections[index].dialler == end:
            perform(ends[end].answered(index), at: end)
        case .hello: perform(ends[end].helloReceived(index), at: end)
        case .begin: perform(ends[end].begun(index), at: end)
        case .message: break
        case .end:
            connections[index].isOver[end] = true
            ends[end].ended(index)
        }
    }

    private mutating func perform(_ actions: [LinkSettlement.Action], at end: Int) {
        for action in actions {
            switch action {
            case .greet(let index): say(.hello, on: index, from: end)
            case .begin(let index): say(.begin, on: index, from: end)
            case .use(let index):
                say(.message, on: index, from: end)
                connections[index].carried[end] = true
            case .close(let index):
                guard !connections[index].isOver[end] else { continue }
                connections[index].isOver[end] = true
                say(.end, on: index, from: end)
                ends[end].ended(index)
            }
        }
    }

    private mutating func say(_ word: Word, on index: Int, from end: Int) {
        // An end that started anew has nobody listening on its former life's connections.
        connections[index].underWay[1 - end].append(word)
    }

    /// Calls `check` with every state that can be reached, and whether anything can follow.
    static func search(from start: Pair, _ check: (Pair, _ isLast: Bool) -> Void) -> Int {
        var seen: Set<Pair> = [start]
        var open = [start]
        while let state = open.popLast() {
            let next = state.successors
            check(state, next.isEmpty)
            for state in next where seen.insert(state).inserted { open.append(state) }
        }
        return seen.count
    }
}

@Suite("Settling on one connection")
struct LinkSettlementTests {
    @Test("Dials that cross in any order end in one link that both ends use, and lose no message")
    func crossing() {
        let states = Pair.search(from: Pair()) { state, isLast in
            #expect(state.lost == 0, "\(state)")
            guard isLast else { return }
            let links = state.ends.map(\.link)
            #expect(links[0] != nil && links[0] == links[1], "\(state)")
            for index in state.connections.indices where index != links[0] {
                #expect(state.connections[index].carried == [false, false], "\(state)")
            }
        }
        #expect(states > 100, "\(states) states")
    }

    @Test("A node that started anew is linked to at once, whatever the other still holds")
    func restart() {
        var start = Pair()
        start.restartsLeft = 1
        start.dialsLeft = [1, 2]
        let states = Pair.search(from: start) { state, isLast in
            guard isLast, state.dialsLeft[1] == 0 else { return }
            let links = state.ends.map(\.link)
            #expect(links[1] == nil || links[0] == links[1], "\(state)")
        }
        #expect(states > 100, "\(states) states")
    }

    @Test("The one with the smaller id goes on with its own, the other with that too")
    func smallerPrevails() {
        let (small, large) = (NodeID(rawValue: 1), NodeID(rawValue: 2))
        var first = LinkSettlement(local: small, peer: large)
        var second = LinkSettlement(local: large, peer: small)
        first.dialled(1)
        second.dialled(2)
        #expect(first.connected(1) == [.greet(1)])
        #expect(second.connected(2) == [.greet(2)])
        #expect(first.helloReceived(2) == [.close(2)])
        #expect(second.helloReceived(1) == [.close(2), .greet(1)])
        #expect(first.answered(1) == [.begin(1), .use(1)])
        #expect(second.begun(1) == [.use(1)])
        #expect(!first.mayDial && !second.mayDial)
    }

    @Test("A connection that the peer begins takes the place of one that stood")
    func superseding() {
        var end = LinkSettlement(local: NodeID(rawValue: 2), peer: NodeID(rawValue: 1))
        end.dialled(1)
        _ = end.connected(1)
        #expect(end.answered(1) == [.begin(1), .use(1)])
        #expect(end.helloReceived(2) == [.greet(2)])
        #expect(end.link == 1, "nothing has begun on the new one")
        #expect(end.begun(2) == [.close(1), .use(2)])
        end.ended(1)
        #expect(end.link == 2 && !end.mayDial)
        end.ended(2)
        #expect(end.mayDial)
    }
}
