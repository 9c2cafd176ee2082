// A version vector: what its holder has seen of one key. Sorted by actor, so that equal contexts
// are equal arrays and every walk is a merge of two sorted runs.
internal import MartletBase

/// Who has seen some versions of a key: a context, or an object by its own.
public protocol Covering {
    /// Whether it has seen the version of that name.
    func covers(_ dot: Dot) -> Bool
}

/// For one key, the highest counter covered of each actor.
///
/// Parker et al., "Detection of mutual inconsistency" (1983); the dots beside it are those of
/// Preguiça et al., "Dotted version vectors" (2010).
public struct Context: Covering, Hashable, Sendable, CustomStringConvertible {
    /// One actor's share of a context.
    public struct Entry: Hashable, Sendable {
        /// The actor.
        public var actor: Actor
        /// Every dot of the actor up to this counter is covered; at least 1.
        public var counter: UInt64
    }

    /// Sorted by actor, each actor once.
    public private(set) var entries: [Entry]
    /// The latest timestamp of any version that is covered, as far as its holders have known: when
    /// all versions up to then are settled everywhere, this context has nothing left to guard.
    public private(set) var horizon = HybridTimestamp(bits: 0)

    /// The context that covers nothing.
    public init() {
        entries = []
    }

    /// The context of `entries`, each of which is above the one before it.
    init(sorted entries: [Entry]) {
        self.entries = entries
    }

    /// The least context that covers all of `dots`.
    public init(covering dots: [Dot]) {
        self.init()
        for dot in dots { cover(dot) }
    }

    /// Whether nothing is covered.
    public var isEmpty: Bool { entries.isEmpty }

    /// The highest counter covered of `actor`; 0 when none is. O(log n).
    public func counter(of actor: Actor) -> UInt64 {
        let index = position(of: actor)
        return index < entries.count && entries[index].actor == actor ? entries[index].counter : 0
    }

    /// Whether `dot` is covered. O(log n).
    public func covers(_ dot: Dot) -> Bool {
        dot.counter <= counter(of: dot.actor)
    }

    /// Whether everything that `other` covers is covered here too. O(n + m).
    public func dominates(_ other: Context) -> Bool {
        if other.horizon > horizon { return false }
        var index = 0
        for entry in other.entries {
            while index < entries.count, entries[index].actor < entry.actor { index += 1 }
            guard index < entries.count, entries[index].actor == entry.actor,
                entries[index].counter >= entry.counter
            else { return false }
        }
        return true
    }

    /// Extends the context to cover `dot` and, as contexts do, all before it of that actor.
    public mutating func cover(_ dot: Dot) {
        invariant(dot.counter > 0, "dot \(dot)")
        let index = position(of: dot.actor)
        if index < entries.count, entries[index].actor == dot.actor {
            entries[index].counter = max(entries[index].counter, dot.counter)
        } else {
            entries.insert(Entry(actor: dot.actor, counter: dot.counter), at: index)
        }
    }

    /// Moves the horizon up to `timestamp`, if it is not beyond it.
    public mutating func reach(_ timestamp: HybridTimestamp) {
        if timestamp > horizon { horizon = timestamp }
    }

    /// The least context that covers what either covers: the join of the lattice. O(n + m).
    public mutating func join(_ other: Context) {
        reach(other.horizon)
        if other.entries.isEmpty || entries == other.entries { return }
        if entries.isEmpty {
            entries = other.entries
            return
        }
        var joined: [Entry] = []
        joined.reserveCapacity(max(entries.count, other.entries.count))
        var left = 0
        var right = 0
        while left < entries.count || right < other.entries.count {
            if right == other.entries.count
                || left < entries.count && entries[left].actor < other.entries[right].actor
            {
                joined.append(entries[left])
                left += 1
            } else if left == entries.count
                || other.entries[right].actor < entries[left].actor
            {
                joined.append(other.entries[right])
                right += 1
            } else {
                let counter = max(entries[left].counter, other.entries[right].counter)
                joined.append(Entry(actor: entries[left].actor, counter: counter))
                left += 1
                right += 1
            }
        }
        entries = joined
    }

    /// Forgets all actors but those of which `isKept`. O(n).
    mutating func keepActors(where isKept: (Actor) -> Bool) {
        entries.removeAll { !isKept($0.actor) }
    }

    /// Forgets the actors of `old` that `kept` has not, where nothing later of them is covered.
    /// O(actors).
    public mutating func forget(_ old: Context, but kept: Context) {
        if old.entries.count == kept.entries.count { return }
        for entry in old.entries
        where kept.counter(of: entry.actor) == 0 && counter(of: entry.actor) <= entry.counter {
            limit(entry.actor, to: 0)
        }
    }

    /// Forgets the dots of `actor` beyond `counter`: O(n).
    public mutating func limit(_ actor: Actor, to counter: UInt64) {
        let index = position(of: actor)
        guard index < entries.count, entries[index].actor == actor else { return }
        entries[index].counter = min(entries[index].counter, counter)
        if counter == 0 { entries.remove(at: index) }
    }

    /// The index of `actor`, or where it would stand.
    private func position(of actor: Actor) -> Int {
        if let last = entries.last, last.actor < actor { return entries.count }
        return entries.partitionIndex { $0.actor < actor }
    }

    /// `{actor:counter, …}`.
    public var description: String {
        "{" + entries.map { "\($0.actor):\($0.counter)" }.joined(separator: ", ") + "}"
    }
}
