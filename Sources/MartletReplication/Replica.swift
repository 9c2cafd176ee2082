// What this node itself holds: every write, from whoever it comes, is one atomic step here — read
// what is there, merge, log. Who else holds it, and how many are enough, is the coordinator's.
//
//     objects/(partition, key)        → the object, where this node is a home replica
//     hints/(partition, key, home)    → a hint: the object itself, kept in the home's place, or
//                                       nothing but a digest, where this node is a home too and
//                                       the object stands above
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// Where a key lies.
struct Location: Hashable {
    var partition: Partition
    var key: Bytes

    var objectKey: StorageKey { .object(partition: partition.index, key: key) }

    func hintKey(for home: NodeID) -> StorageKey {
        .hint(partition: partition.index, key: key, home: home)
    }
}

/// A step that was taken: the object as it now stands, and where the log holds it.
struct Applied {
    var object: Object
    var position: LogPosition
}

/// A client's write as its coordinator took it.
struct AppliedMutation {
    var applied: Applied
    var dot: Dot
    var replacedValue: Bool
}

/// The local replica of everything that this node is a home or a fallback for.
struct Replica {
    let local: NodeID
    private let options: ReplicationOptions
    private let engine: StorageEngine
    /// Names the writes that this node coordinates as a home.
    private(set) var dots: DotSource
    /// Names those that it coordinates in a home's place.
    private var standInDots: StandInDots
    private var clock: HybridClock
    /// Hints kept for each home; a home without any has no entry.
    private(set) var hintCounts: [NodeID: Int] = [:]
    /// Bytes of their keys and of what they carry.
    private(set) var hintBytes = 0
    /// Hints made and delivered since the start: what was found then and what was made is what was
    /// delivered and what is kept.
    private(set) var hintsMade: UInt64 = 0
    private(set) var hintsDelivered: UInt64 = 0

    /// How far ahead of the dots issued a key's context may be. Contexts come from clients, by way
    /// of any node: one that claims more is a lie, and following it would use the counter up.
    private static let leapLimit: UInt64 = 1 << 32

    /// A replica over what `engine` recovered. O(hints).
    init(
        options: ReplicationOptions, engine: StorageEngine, dots: DotSource, random: SeededRandom
    ) {
        local = dots.actor.node
        self.options = options
        self.engine = engine
        self.dots = dots
        standInDots = StandInDots(random: random)
        clock = HybridClock(maximumSkew: options.maximumClockSkew)
        countHints()
    }

    var durable: LogPosition { engine.durable }

    /// Whether the storage takes no writes at present: its disk is full, or it has failed.
    var refusesWrites: Bool { engine.refusal != nil }

    // MARK: Reading

    /// What is stored as the object at `location`; empty when nothing is.
    func object(at location: Location) throws(RequestError) -> Object {
        try decode(engine.get(location.objectKey))
    }

    /// What this node holds in the place of others: the merge of its hints for the key.
    func hinted(at location: Location, homes: [NodeID]) throws(RequestError) -> Object {
        var merged = Object()
        guard !hintCounts.isEmpty else { return merged }
        for home in homes where hintCounts[home] != nil {
            merged.merge(try decode(engine.get(location.hintKey(for: home))))
        }
        return merged
    }

    /// All that this node holds of a key: as a home, and in the place of others.
    func everything(at location: Location, homes: [NodeID]) throws(RequestError) -> Object {
        var object = try object(at: location)
        object.merge(try hinted(at: location, homes: homes))
        return object
    }

    private func decode(_ outcome: ReadOutcome) throws(RequestError) -> Object {
        guard case .found(let bytes) = outcome, !HintMark.isMark(bytes) else { return Object() }
        var reader = ByteReader(bytes)
        do { return try Object(from: &reader) } catch {
            throw .storage("a stored object does not read back: \(error)")
        }
    }

    // MARK: Writing

    /// Runs a client's write here, under a new dot: as a home, or in the place of `heldFor` and
    /// then on all that this node holds of the key for any of its `homes`. The homes in `owed` are
    /// left with nobody to hold it for them, so the same atomic step marks that this node owes it
    /// to them.
    mutating func mutate(
        _ mutation: Mutation, at location: Location, homes: [NodeID], heldFor: NodeID?,
        owed: [NodeID], at wall: WallTime
    ) throws(RequestError) -> AppliedMutation {
        var object =
            try heldFor == nil
            ? object(at: location) : everything(at: location, homes: homes)
        let replacedValue = !object.isAbsent(at: wall)
        for sibling in object.siblings { clock.observe(sibling.timestamp, at: wall) }
        let issued = heldFor == nil ? dots : standInDots.source
        guard object.context.counter(of: issued.actor) <= issued.counter + Self.leapLimit else {
            throw .invalidOptions("a context that was handed in claims writes that never were")
        }
        let seen = seen(by: mutation, of: object, issued: issued)
        let dot =
            heldFor == nil
            ? dots.next(beyond: object.context, and: seen)
            : standInDots.next(beyond: object.context, and: seen)
        let sibling = Sibling(
            dot: dot, timestamp: clock.next(at: wall), content: mutation.content,
            expiry: mutation.expiry)
        let knownActors = object.context.entries.count
        object.record(sibling, seen: seen)
        guard object.context.entries.count <= max(options.contextLimit, knownActors + 1) else {
            throw .invalidOptions(
                "the context that was handed in leaves more than \(options.contextLimit) actors")
        }
        guard object.siblings.count <= options.siblingLimit else {
            throw .tooManySiblings(limit: options.siblingLimit)
        }
        guard object.valueByteCount <= options.objectLimitBytes else {
            throw .tooLarge(what: "key with its siblings", limit: options.objectLimitBytes)
        }
        let position = try store(object, at: location, heldFor: heldFor, owed: owed)
        return AppliedMutation(
            applied: Applied(object: object, position: position), dot: dot,
            replacedValue: replacedValue)
    }

    /// What a write replaces. Which dots of its own there are this node knows: a context that
    /// claims to have seen later ones would make writes to come look old.
    private func seen(
        by mutation: Mutation, of object: Object, issued: DotSource
    ) -> Context {
        guard case .seen(var context) = mutation.causality else { return object.context }
        let last = max(issued.counter, object.context.counter(of: issued.actor))
        context.limit(issued.actor, to: last)
        return context
    }

    /// Merges what another node sent. Nothing is logged when it brings nothing new: then the
    /// answer waits only for what is in the log already.
    mutating func merge(_ put: ReplicaPut, at location: Location, at wall: WallTime)
        throws(RequestError) -> Applied
    {
        if put.purpose == .write {
            for sibling in put.object.siblings where !clock.believes(sibling.timestamp, at: wall) {
                throw .clockSkew
            }
        }
        if let heldFor = put.heldFor, heldFor == local {
            throw .invalidOptions("a node keeps no hints for itself")
        }
        return try merge(put.object, at: location, heldFor: put.heldFor, at: wall)
    }

    /// Merges `object` into what is held here: as a home, or in the place of `heldFor`.
    mutating func merge(
        _ object: Object, at location: Location, heldFor: NodeID?, at wall: WallTime
    ) throws(RequestError) -> Applied {
        let before = try held(at: location, heldFor: heldFor)
        var merged = before
        merged.merge(object)
        for sibling in object.siblings { clock.observe(sibling.timestamp, at: wall) }
        if merged == before { return Applied(object: merged, position: engine.appended) }
        let position = try store(merged, at: location, heldFor: heldFor, owed: [])
        return Applied(object: merged, position: position)
    }

    /// Notes that this node owes `written` to other homes, with all that it holds beside it, as a
    /// home or in the place of `heldFor`: nobody else holds it for them. A hint for `heldFor` may
    /// have gone home since.
    mutating func owe(
        _ written: Object, to homes: [NodeID], at location: Location, heldFor: NodeID?
    ) throws(RequestError) {
        var object = try held(at: location, heldFor: heldFor)
        object.merge(written)
        var step = Step()
        for home in homes {
            let key = location.hintKey(for: home)
            addHint(try owed(object, heldFor: heldFor, at: key), at: key, to: &step)
        }
        try take(step)
    }

    /// The hint at `key` that owes `object` too: a home owes by reference, since it holds the
    /// object; a fallback keeps a copy. What was kept there for the same home is joined, not lost.
    private func owed(
        _ object: Object, heldFor: NodeID?, at key: StorageKey
    ) throws(RequestError) -> Bytes {
        var joined = try hinted(at: key)
        joined.merge(object)
        let isHeldAsHome = heldFor == nil && joined == object
        return isHeldAsHome ? HintMark.bytes(for: object.encoded()) : joined.encoded()
    }

    private func held(at location: Location, heldFor: NodeID?) throws(RequestError) -> Object {
        guard let home = heldFor else { return try object(at: location) }
        return try hinted(at: location.hintKey(for: home))
    }

    /// What the hint at `key` stands for; empty when there is none.
    private func hinted(at key: StorageKey) throws(RequestError) -> Object {
        guard case .found(let bytes) = engine.get(key) else { return Object() }
        return try object(of: key, bytes: bytes)
    }

    private mutating func store(
        _ object: Object, at location: Location, heldFor: NodeID?, owed homes: [NodeID]
    ) throws(RequestError) -> LogPosition {
        let bytes = object.encoded()
        var step = Step()
        if let home = heldFor {
            addHint(bytes, at: location.hintKey(for: home), to: &step)
        } else {
            step.batch.put(location.objectKey, bytes)
        }
        for home in homes {
            let key = location.hintKey(for: home)
            addHint(try owed(object, heldFor: heldFor, at: key), at: key, to: &step)
        }
        // Marks are not limited: there is at most one for each object held here and each home.
        let growth = step.hintChanges.reduce(0) { $0 + $1.bytes }
        if heldFor != nil, growth > 0, hintBytes + growth > options.hintLimitBytes {
            throw .storage("it keeps hints up to its limit of \(options.hintLimitBytes) bytes")
        }
        return try take(step)
    }

    // MARK: Steps

    /// One atomic step of the storage, and what it changes about the hints once it is accepted.
    private struct Step {
        var batch = WriteBatch()
        var hintChanges: [(home: NodeID, count: Int, bytes: Int)] = []
    }

    @discardableResult
    private mutating func take(_ step: Step) throws(RequestError) -> LogPosition {
        let position: LogPosition
        do { position = try engine.write(step.batch) } catch { throw .storage(error.description) }
        for change in step.hintChanges {
            hintBytes += change.bytes
            if change.count > 0 { hintsMade += 1 }
            if change.count < 0 { hintsDelivered += 1 }
            let count = hintCounts[change.home, default: 0] + change.count
            invariant(count >= 0, "\(count) hints for \(change.home)")
            hintCounts[change.home] = count == 0 ? nil : count
        }
        return position
    }

    // MARK: Hints

    private func addHint(_ bytes: Bytes, at key: StorageKey, to step: inout Step) {
        guard let home = key.home else {
            invariant(false, "a hint for nobody at \(key)")
            return
        }
        if case .found(let old) = engine.get(key) {
            step.hintChanges.append((home, 0, bytes.count - old.count))
        } else {
            step.hintChanges.append((home, 1, key.key.count + bytes.count))
        }
        step.batch.put(key, bytes)
    }

    /// Forgets a hint that its home has acknowledged, unless it has changed since it was sent.
    mutating func forgetHint(at key: StorageKey, ifStill sent: Bytes) throws(RequestError) {
        guard let home = key.home, case .found(let bytes) = engine.get(key), bytes == sent else {
            return
        }
        standInDots.forgetting(try decode(.found(bytes)).context)
        var step = Step()
        step.batch.delete(key)
        step.hintChanges.append((home, -1, -key.key.count - bytes.count))
        try take(step)
    }

    /// The next hints after `cursor` in the order of the store, about `limitBytes` of them.
    func hints(after cursor: StorageKey?, limitBytes: Int) -> ScanPage {
        guard case .page(let page) = engine.scan(.hints, after: cursor, limitBytes: limitBytes)
        else { return ScanPage() }
        return page
    }

    /// The object that a hint stands for: what it carries, or what this home itself holds.
    func object(of hint: StorageKey, bytes: Bytes) throws(RequestError) -> Object {
        if HintMark.isMark(bytes) {
            let partition = Partition(index: hint.partition)
            return try object(at: Location(partition: partition, key: hint.key))
        }
        return try decode(.found(bytes))
    }

    private mutating func countHints() {
        var cursor: StorageKey?
        repeat {
            guard let page = try? engine.scanNow(.hints, after: cursor) else { return }
            for entry in page.entries {
                guard let home = entry.key.home else { continue }
                hintCounts[home, default: 0] += 1
                hintBytes += entry.key.key.count + entry.value.count
            }
            cursor = page.next
        } while cursor != nil
    }
}

/// A hint by reference: nine bytes that no object begins with, a marker and a digest of the object
/// as it was when the mark was made, so that a mark renewed by a later write is told from it.
enum HintMark {
    private static let marker: UInt8 = 0

    static func bytes(for object: Bytes) -> Bytes {
        var writer = ByteWriter(capacity: 9)
        writer.write(marker)
        writer.write(StableHash.hash(object))
        return writer.take()
    }

    static func isMark(_ bytes: Bytes) -> Bool { bytes.first == marker }
}
