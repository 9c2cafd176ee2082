// What a key holds: a causal container of concurrent versions.
//
//     object = context + { dot → sibling }        every sibling's dot is covered by the context
//     merge  = a sibling stays when both have it, or when the other has not seen its dot
//
// The merge is a join of a semilattice: associative, commutative, idempotent. Tests prove it on
// every small case.
//
// An object is kept as its bytes, which travel and rest as they are (`Object+Coding`). What is
// asked of it is read there (`ObjectWalks`); to be changed it is taken apart (`ObjectParts`).
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
}

/// A key's context and its surviving siblings, as their bytes.
public struct Object: Covering, Hashable, Sendable {
    /// Its bytes, on disk and on the wire: an object has no others.
    public let encoding: Bytes
    /// What of them is asked for most often.
    let outline: Outline

    private static let never = Object(ObjectParts())

    /// The object of a key that was never written.
    public init() { self = Self.never }

    /// An object of bytes that `outline` was read from.
    init(encoding: Bytes, outline: Outline) {
        self.encoding = encoding
        self.outline = outline
    }

    /// An object of parts; nil unless the siblings are sorted by distinct dots that `context`
    /// covers. The context's horizon is moved up to the latest of them.
    public init?(context: Context, siblings: [Sibling]) {
        for (index, sibling) in siblings.enumerated() {
            guard context.covers(sibling.dot) else { return nil }
            if index > 0, siblings[index - 1].dot >= sibling.dot { return nil }
        }
        var parts = ObjectParts(context: context, siblings: siblings.map { .init($0) })
        for sibling in siblings { parts.context.reach(sibling.timestamp) }
        self.init(parts)
    }

    /// By their bytes: those of equal objects are equal.
    public static func == (left: Object, right: Object) -> Bool {
        left.horizon == right.horizon && left.encoding.count == right.encoding.count
            && left.encoding.raw.order(against: right.encoding.raw) == 0
    }

    /// Feeds the bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(encoding) }

    // MARK: The context

    /// Whether nothing was ever written here.
    public var isEmpty: Bool { outline.actorCount == 0 }

    /// How many actors the context names.
    public var actorCount: Int { outline.actorCount }

    /// The latest timestamp of any version that is covered (`Context.horizon`).
    public var horizon: HybridTimestamp { outline.horizon }

    /// Everything that the holder has seen of the key. O(actors), a copy.
    public var context: Context {
        var actors = ActorWalk(encoding.raw)
        var entries: [Context.Entry] = []
        entries.reserveCapacity(actorCount)
        while let entry = actors.next() { entries.append(entry) }
        var context = Context(sorted: entries)
        context.reach(horizon)
        return context
    }

    /// The highest counter covered of `actor`; 0 when none is. O(actors).
    public func counter(of actor: Actor) -> UInt64 {
        var actors = ActorWalk(encoding.raw)
        while let entry = actors.next() {
            if entry.actor == actor { return entry.counter }
        }
        return 0
    }

    /// Whether `dot` is covered. O(actors).
    public func covers(_ dot: Dot) -> Bool { dot.counter <= counter(of: dot.actor) }

    // MARK: The siblings

    /// How many versions have survived.
    public var siblingCount: Int { outline.siblingCount }

    /// The surviving versions, sorted by dot. O(bytes), a copy.
    public var siblings: [Sibling] {
        var walk = SiblingWalk(encoding.raw, outline)
        var siblings: [Sibling] = []
        siblings.reserveCapacity(siblingCount)
        while let place = walk.next() { siblings.append(sibling(at: place)) }
        return siblings
    }

    /// The dots of the surviving siblings, sorted.
    public var dots: [Dot] {
        var walk = SiblingWalk(encoding.raw, outline)
        var dots: [Dot] = []
        dots.reserveCapacity(siblingCount)
        while let place = walk.next() { dots.append(place.dot) }
        return dots
    }

    /// Bytes of all values together: what a client's limit is held against.
    public var valueByteCount: Int { outline.valueByteCount }

    /// Whether one of its siblings is a value.
    public var holdsValue: Bool { outline.holdsValue }

    /// Whether no sibling holds a value at `wall`: deleted or expired, or never written.
    public func isAbsent(at wall: WallTime) -> Bool {
        if outline.holdsLasting { return false }
        return !holdsValue
            || !contains { place in
                guard place.value != nil, let expiry = place.expiry else { return false }
                return expiry > wall
            }
    }

    /// The one version to show where only one can be: the latest by timestamp, then by dot, so
    /// that every replica chooses the same. Nil when empty.
    public var shown: Sibling? { shownPlace.map(sibling(at:)) }

    /// The value of that version, where it has one, and from when on it is absent. A part of the
    /// object's bytes.
    public var shownValue: (bytes: ArraySlice<UInt8>, expiry: WallTime?)? {
        guard let place = shownPlace, let value = place.value else { return nil }
        return (encoding[value], place.expiry)
    }

    private var shownPlace: SiblingPlace? {
        var walk = SiblingWalk(encoding.raw, outline)
        guard var best = walk.next() else { return nil }
        while let place = walk.next() {
            if (place.timestamp, place.dot) > (best.timestamp, best.dot) { best = place }
        }
        return best
    }

    /// Whether `other` has the same siblings, whatever else either covers.
    public func hasSameVersions(as other: Object) -> Bool {
        if self == other { return true }
        guard siblingCount == other.siblingCount else { return false }
        var mine = SiblingWalk(encoding.raw, outline)
        var theirs = SiblingWalk(other.encoding.raw, other.outline)
        while let left = mine.next(), let right = theirs.next() {
            if left.dot != right.dot { return false }
        }
        return true
    }

    /// Calls `body` with the timestamp of each sibling.
    public func forEachTimestamp(_ body: (HybridTimestamp) -> Void) {
        if siblingCount == 1 { return body(outline.earliest) }
        forEachSibling { body($0.timestamp) }
    }

    func forEachSibling(_ body: (SiblingPlace) -> Void) {
        var walk = SiblingWalk(encoding.raw, outline)
        while let place = walk.next() { body(place) }
    }

    func contains(where isSought: (SiblingPlace) -> Bool) -> Bool {
        var walk = SiblingWalk(encoding.raw, outline)
        while let place = walk.next() {
            if isSought(place) { return true }
        }
        return false
    }

    private func sibling(at place: SiblingPlace) -> Sibling {
        Sibling(
            dot: place.dot, timestamp: place.timestamp,
            content: place.value.map { .value(encoding.raw.copy($0)) } ?? .tombstone,
            expiry: place.expiry)
    }

    // MARK: Changes

    /// Records one write: drops the siblings that `seen` covers, adds the new one, and extends
    /// the context by both. A stale `seen` leaves siblings; it loses nothing. Nil stands for the
    /// object's own context: all that is here is replaced.
    ///
    /// - Precondition: `sibling.dot` is new: not covered by the context or by `seen`.
    public mutating func record(_ sibling: Sibling, seen: Context?) {
        invariant(
            !covers(sibling.dot) && seen?.covers(sibling.dot) != true,
            "dot \(sibling.dot) was already covered by \(self) or \(String(describing: seen))")
        var parts = ObjectParts(self) { place in
            guard let seen else { return false }
            return !seen.covers(place.dot)
        }
        if let seen { parts.context.join(seen) }
        parts.context.cover(sibling.dot)
        parts.context.reach(sibling.timestamp)
        let piece = ObjectParts.Piece(sibling)
        if parts.siblings.isEmpty {
            self = Object(parts.context, CollectionOfOne(piece))
        } else {
            let index = parts.siblings.firstIndex { sibling.dot < $0.dot }
            parts.siblings.insert(piece, at: index ?? parts.siblings.count)
            self = Object(parts)
        }
    }

    /// Joins what another replica holds of the same key; O(siblings + context).
    public mutating func merge(_ other: Object) {
        if self == other || replaces(other) { return }
        if other.replaces(self) {
            self = other
            return
        }
        var parts = ObjectParts(self)
        parts.merge(ObjectParts(other))
        self = Object(parts)
    }

    /// Whether a merge of the two is this one: it covers all that `other` does, and holds no
    /// sibling that `other` has seen replaced.
    private func replaces(_ other: Object) -> Bool {
        if other.horizon > horizon || other.actorCount > actorCount { return false }
        var mine = ActorWalk(encoding.raw)
        var theirs = ActorWalk(other.encoding.raw)
        while let entry = theirs.next() {
            var match = mine.next()
            while let next = match, next.actor < entry.actor { match = mine.next() }
            guard let match, match.actor == entry.actor, match.counter >= entry.counter else {
                return false
            }
        }
        return !contains { place in
            other.covers(place.dot) && !other.contains { $0.dot == place.dot }
        }
    }

    /// Drops the siblings that are not kept.
    mutating func keepSiblings(where isKept: (SiblingPlace) -> Bool) {
        if !contains(where: { !isKept($0) }) { return }
        self = Object(ObjectParts(self, keeping: isKept))
    }

    /// Forgets the actors of which no sibling is left.
    mutating func forgetActorsOfReplaced() {
        var parts = ObjectParts(self)
        let kept = parts.siblings.map(\.place.dot.actor)
        parts.context.keepActors { kept.contains($0) }
        self = Object(parts)
    }

    /// Traps unless the object is well formed.
    public func checkInvariants() {
        do throws(FormatError) {
            let read = try Object(encoding: encoding)
            invariant(read.outline == outline, "object \(self)")
        } catch { invariant(false, "object of \(encoding): \(error)") }
    }
}
