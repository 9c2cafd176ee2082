// What a key holds: a causal container of concurrent versions.
//
//     object = context + { dot → sibling }        every sibling's dot is covered by the context
//     merge  = a sibling stays when both have it, or when the other has not seen its dot
//
// The merge is a join of a semilattice: associative, commutative, idempotent. Tests prove it on
// every small case.
public import MartletBase

/// One of several concurrent versions of a key.
public struct Sibling: Hashable, Sendable {
    /// What a version says.
    public enum Content: Hashable, Sendable {
        /// The key has this value.
        case value(Bytes)
        /// The key was deleted here.
        case tombstone
    }

    /// The write's name.
    public var dot: Dot
    /// When it was written, for display and for choosing one.
    public var timestamp: HybridTimestamp
    /// The value, or the mark of a delete.
    public var content: Content
    /// From when on the version counts as absent; nil for never. Part of the version, so that
    /// all replicas agree on it.
    public var expiry: WallTime?

    /// A version under `dot`.
    public init(
        dot: Dot, timestamp: HybridTimestamp, content: Content, expiry: WallTime? = nil
    ) {
        self.dot = dot
        self.timestamp = timestamp
        self.content = content
        self.expiry = expiry
    }

    /// The value, unless it is a tombstone or has expired by `wall`.
    public func value(at wall: WallTime) -> Bytes? {
        guard case .value(let value) = content else { return nil }
        if let expiry, expiry <= wall { return nil }
        return value
    }

    /// The order in which one version is chosen where only one can be shown: by timestamp, then
    /// by dot, so that every replica chooses the same.
    public func isShownBefore(_ other: Sibling) -> Bool {
        (timestamp, dot) > (other.timestamp, other.dot)
    }
}

/// A key's context and its surviving siblings.
public struct Object: Hashable, Sendable {
    /// Everything that the holder has seen of the key.
    public private(set) var context: Context
    /// The surviving versions, sorted by dot.
    public private(set) var siblings: [Sibling]

    /// The object of a key that was never written.
    public init() {
        context = Context()
        siblings = []
    }

    /// An object of parts; nil unless the siblings are sorted by distinct dots that `context`
    /// covers. The context's horizon is moved up to the latest of them.
    public init?(context: Context, siblings: [Sibling]) {
        for (index, sibling) in siblings.enumerated() {
            guard context.covers(sibling.dot) else { return nil }
            if index > 0, siblings[index - 1].dot >= sibling.dot { return nil }
        }
        self.context = context
        self.siblings = siblings
        for sibling in siblings { self.context.reach(sibling.timestamp) }
    }

    /// Whether nothing was ever written here.
    public var isEmpty: Bool { context.isEmpty }

    /// Whether no sibling holds a value at `wall`: deleted or expired, or never written.
    public func isAbsent(at wall: WallTime) -> Bool {
        siblings.allSatisfy { $0.value(at: wall) == nil }
    }

    /// The one version to show where only one can be: the latest by timestamp. Nil when empty.
    public var shown: Sibling? {
        guard var best = siblings.first else { return nil }
        for sibling in siblings.dropFirst() where sibling.isShownBefore(best) { best = sibling }
        return best
    }

    /// Whether one of its siblings is a value.
    public var holdsValue: Bool { siblings.contains { $0.content != .tombstone } }

    /// Bytes of all values together: what a client's limit is held against.
    public var valueByteCount: Int {
        siblings.reduce(0) { sum, sibling in
            if case .value(let value) = sibling.content { return sum + value.count }
            return sum
        }
    }

    /// Records one write: drops the siblings that `seen` covers, adds the new one, and extends
    /// the context by both. A stale `seen` leaves siblings; it loses nothing.
    ///
    /// - Precondition: `sibling.dot` is new: not covered by the context or by `seen`.
    public mutating func record(_ sibling: Sibling, seen: Context) {
        invariant(
            !context.covers(sibling.dot) && !seen.covers(sibling.dot),
            "dot \(sibling.dot) was already covered by \(context) or \(seen)")
        siblings.removeAll { seen.covers($0.dot) }
        let index = siblings.firstIndex { sibling.dot < $0.dot } ?? siblings.count
        siblings.insert(sibling, at: index)
        context.join(seen)
        context.cover(sibling.dot)
        context.reach(sibling.timestamp)
    }

    /// Joins what another replica holds of the same key; O(siblings + context).
    public mutating func merge(_ other: Object) {
        if self == other { return }
        if other.context.dominates(context), !hasDroppedSibling(of: other) {
            self = other
            return
        }
        var merged: [Sibling] = []
        merged.reserveCapacity(siblings.count + other.siblings.count)
        var left = 0
        var right = 0
        while left < siblings.count || right < other.siblings.count {
            if right == other.siblings.count
                || left < siblings.count && siblings[left].dot < other.siblings[right].dot
            {
                if !other.context.covers(siblings[left].dot) { merged.append(siblings[left]) }
                left += 1
            } else if left == siblings.count || other.siblings[right].dot < siblings[left].dot {
                if !context.covers(other.siblings[right].dot) {
                    merged.append(other.siblings[right])
                }
                right += 1
            } else {
                merged.append(siblings[left])
                left += 1
                right += 1
            }
        }
        siblings = merged
        context.join(other.context)
    }

    /// Whether merging `other` could differ from `other` itself although its context dominates:
    /// only when `other` holds a sibling that this object has seen and dropped.
    private func hasDroppedSibling(of other: Object) -> Bool {
        other.siblings.contains { sibling in
            context.covers(sibling.dot) && !siblings.contains { $0.dot == sibling.dot }
        }
    }

    mutating func keepSiblings(where isKept: (Sibling) -> Bool) {
        siblings.removeAll { !isKept($0) }
    }

    /// Forgets the actors of which no sibling is left.
    mutating func forgetActorsOfReplaced() {
        context.keepActors { actor in siblings.contains { $0.dot.actor == actor } }
    }

    /// The dots of the surviving siblings, sorted.
    public var dots: [Dot] { siblings.map(\.dot) }

    /// Traps unless the object is well formed.
    public func checkInvariants() {
        invariant(Object(context: context, siblings: siblings) != nil, "object \(self)")
    }
}
