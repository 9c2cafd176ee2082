// A command as a client called it: what planning goes by.
package import MartletBase
internal import MartletRESP
package import MartletRing

/// What planning may look at beside a command's words, and what it never changes.
package protocol PlanningFacts {
    /// Both clocks, now.
    var now: Moment { get }
    /// The ring, where the node knows one.
    var topology: Topology? { get }
}

/// A command's words, the name first, and the facts.
struct CommandCall {
    let words: [Bytes]
    let facts: any PlanningFacts

    init(_ words: [Bytes], _ facts: any PlanningFacts) {
        self.words = words
        self.facts = facts
    }

    var count: Int { words.count }

    subscript(index: Int) -> Bytes { words[index] }

    /// The options from the word at `index` on.
    func options(from index: Int) -> ArgumentCursor { ArgumentCursor(words, from: index) }

    /// What the clock on the wall shows.
    var now: WallTime { facts.now.wall }

    /// The ring; without one the command cannot be meant.
    func topology() throws(CommandError) -> Topology {
        guard let topology = facts.topology else { throw .noCluster }
        return topology
    }
}
