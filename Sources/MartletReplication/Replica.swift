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
    /// Whether it may: not while data was lost under its actor, and the next is not durable yet.
    private var issuesDots = true
    /// Names those that it coordinates in a home's place, or as a home that may not.
    private var standInDots: StandInDots
    private var clock: HybridClock
    /// The hints kept here, counted.
    private(set) var hints: HintLedger

    /// How far ahead of the dots issued a key's context may be. Contexts come from clients, by way
    /// of any node: one that claims more is a lie, and following it would use the counter up.
    private static let leapLimit: UInt64 = 1 << 32

    /// A replica over what `engine` recovered. O(hints).
    init(
        options: ReplicationOptions, engine: StorageEngine, dots: DotSource, random: SeededRandom
    ) throws(StorageError) {
        local = dots.actor.node
        self.options = options
        self.engine = engine
        self.dots = dots
        standInDots = StandInDots(random: random)
        clock = HybridClock(maximumSkew: options.maximumClockSkew)
        hints = try HintLedger(counting: engine)
    }

    var durable: LogPosition { engine.durable }

    /// Whether the storage slows its writers down: then every acknowledgement waits for the log,
    /// where they are held up.
    var isBehind: Bool { engine.backlog > 0 }

    /// Whether this node can name a client's write as a home: not when its storage takes none (its
    /// disk is full, or it has failed), nor when it has lost data and is not yet another actor.
    var namesWrites: Bool { engine.refusal == nil && issuesDots }

    // MARK: Damage

    /// Stored data was lost. Contexts that dots issued here stand in claim to have seen all of this
    /// node's earlier writes of the key, and that may be no longer true: none is issued under the
    /// same actors.
    mutating func damageFound() {
        issuesDots = false
        standInDots.renew()
        hints.damageFound()
    }

    /// The node goes on under the actor of `dots`, which is durable.
    mutating func actorRenewed(_ dots: DotSource) {
        invariant(dots.actor > self.dots.actor, "\(dots.actor) after \(self.dots.actor)")
        self.dots = dots
        issuesDots = true
    }

    // MARK: Loading

    /// Brings what a step at `location` may read: the object, and the hints for `homes`.
    func load(_ location: Location, homes: [NodeID]) -> LoadOutcome {
        var keys = [location.objectKey]
        for home in homes where hints.perHome[home] != nil {
            let key = location.hintKey(for: home)
            if !keys.contains(key) { keys.append(key) }
        }
        return engine.load(keys)
    }

    func release(_ ticket: ReadTicket) { engine.release(ticket) }

    func takeCompleted() -> [CompletedRead] { engine.takeCompleted() }

    // MARK: Reading

    /// What is stored as the object at `location`; empty when nothing is.
    func object(at location: Location) throws(ReplicaFailure) -> Object {
        try decode(read(location.objectKey))
    }

    /// What this node holds in the place of others: the merge of its hints for the key.
    func hinted(at location: Location, homes: [NodeID]) throws(ReplicaFailure) -> Object {
        var merged = Object()
        guard !hints.perHome.isEmpty else { return merged }
        for home in homes { merged.merge(try decode(hint(for: home, at: location).bytes)) }
        return merged
    }

    /// All that this node holds of a key: as a home, and in the place of others.
    func everything(at location: Location, homes: [NodeID]) throws(ReplicaFailure) -> Object {
        var object = try object(at: location)
        object.merge(try hinted(at: location, homes: homes))
        return object
    }

    /// What is stored at `key`. Hints are not looked for where none are kept for the home, so that
    /// what `load` brings is all that is read.
    private func read(_ key: StorageKey) throws(ReplicaFailure) -> Bytes? {
        if let home = key.home, hints.perHome[home] == nil { return nil }
        switch engine.get(key) {
        case .found(let bytes): return bytes
        case .absent: return nil
        case .notLoaded: throw .notLoaded
        case .damaged: throw .damaged("a block of the storage cannot be read")
        }
    }

    private func decode(_ bytes: Bytes?) throws(ReplicaFailure) -> Object {
        guard let bytes, !HintMark.isMark(bytes) else { return Object() }
        var reader = ByteReader(bytes)
        do { return try Object(from: &reader) } catch {
            throw .damaged("a stored object does not read back: \(error)")
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
    ) throws(ReplicaFailure) -> AppliedMutation {
        let issuesAsHome = heldFor == nil && issuesDots
        var object =
            try issuesAsHome ? object(at: location) : everything(at: location, homes: homes)
        let target = try target(at: location, heldFor: heldFor, owed: owed)
        let replacedValue = !object.isAbsent(at: wall)
        for sibling in object.siblings { clock.observe(sibling.timestamp, at: wall) }
        let issued = issuesAsHome ? dots : standInDots.source
        guard object.context.counter(of: issued.actor) <= issued.counter + Self.leapLimit else {
            throw .refused(
                .invalidOptions("a context that was handed in claims writes that never were"))
        }
        let seen = seen(by: mutation, of: object, issued: issued)
        let dot =
            issuesAsHome
            ? dots.next(beyond: object.context, and: seen)
            : standInDots.next(beyond: object.context, and: seen)
        let sibling = Sibling(
            dot: dot, timestamp: clock.next(at: wall), content: mutation.content,
            expiry: mutation.expiry)
        let knownActors = object.context.entries.count
        object.record(sibling, seen: seen)
        if let excess = excess(in: object, knownActors: knownActors) { throw .refused(excess) }
        let position = try store(object, in: target)
        return AppliedMutation(
            applied: Applied(object: object, position: position), dot: dot,
            replacedValue: replacedValue)
    }

    /// Which limit a client's write has taken the object beyond.
    private func excess(in object: Object, knownActors: Int) -> RequestError? {
        if object.context.entries.count > max(options.contextLimit, knownActors + 1) {
            return .invalidOptions(
                "the context that was handed in leaves more than \(options.contextLimit) actors")
        }
        if object.siblings.count > options.siblingLimit {
            return .tooManySiblings(limit: options.siblingLimit)
        }
        if object.valueByteCount > options.objectLimitBytes {
            return .tooLarge(what: "key with its siblings", limit: options.objectLimitBytes)
        }
        return nil
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
        throws(ReplicaFailure) -> Applied
    {
        if put.purpose == .write {
            for sibling in put.object.siblings where !clock.believes(sibling.timestamp, at: wall) {
                throw .refused(.clockSkew)
            }
        }
        if let heldFor = put.heldFor, heldFor == local {
            throw .refused(.invalidOptions("a node keeps no hints for itself"))
        }
        return try merge(put.object, at: location, heldFor: put.heldFor, at: wall)
    }

    /// Merges `object` into what is held here: as a home, or in the place of `heldFor`.
    mutating func merge(
        _ object: Object, at location: Location, heldFor: NodeID?, at wall: WallTime
    ) throws(ReplicaFailure) -> Applied {
        let target = try target(at: location, heldFor: heldFor, owed: [])
        let before = try held(in: target)
        var merged = before
        merged.merge(object)
        for sibling in object.siblings { clock.observe(sibling.timestamp, at: wall) }
        if merged == before { return Applied(object: merged, position: engine.appended) }
        let position = try store(merged, in: target)
        return Applied(object: merged, position: position)
    }

    /// Notes that this node owes `written` to other homes, with all that it holds beside it, as a
    /// home or in the place of `heldFor`: nobody else holds it for them. A hint for `heldFor` may
    /// have gone home since.
    mutating func owe(
        _ written: Object, to homes: [NodeID], at location: Location, heldFor: NodeID?
    ) throws(ReplicaFailure) {
        let target = try target(at: location, heldFor: heldFor, owed: homes)
        var object = try held(in: target)
        object.merge(written)
        var step = Step()
        mark(object, owedIn: target, in: &step)
        try take(step)
    }

    // MARK: Steps

    /// A hint as it is kept at present.
    private struct KeptHint {
        var home: NodeID
        var key: StorageKey
        /// What it carries; nil when there is none.
        var bytes: Bytes?
    }

    /// Where a step writes, read before it changes anything.
    private struct Target {
        var location: Location
        /// The hint that it writes to; nil when this node holds the object as a home.
        var hint: KeptHint?
        /// The hints by which it is owed to other homes, with what each stands for so far.
        var owed: [(hint: KeptHint, object: Object)] = []
    }

    /// One atomic step of the storage, and what it changes about the hints once it is accepted.
    private struct Step {
        var batch = WriteBatch()
        var hintChanges: [HintLedger.Change] = []

        mutating func put(_ bytes: Bytes, over hint: KeptHint) {
            let change =
                hint.bytes.map { (count: 0, bytes: bytes.count - $0.count) }
                ?? (count: 1, bytes: hint.key.key.count + bytes.count)
            hintChanges.append(
                HintLedger.Change(home: hint.home, count: change.count, bytes: change.bytes))
            batch.put(hint.key, bytes)
        }
    }

    private func target(
        at location: Location, heldFor: NodeID?, owed homes: [NodeID]
    ) throws(ReplicaFailure) -> Target {
        var target = Target(location: location)
        if let home = heldFor { target.hint = try hint(for: home, at: location) }
        for home in homes {
            let hint = try hint(for: home, at: location)
            target.owed.append((hint, try object(of: hint)))
        }
        return target
    }

    /// What the target holds already.
    private func held(in target: Target) throws(ReplicaFailure) -> Object {
        guard let hint = target.hint else { return try object(at: target.location) }
        return try object(of: hint)
    }

    private mutating func store(
        _ object: Object, in target: Target
    ) throws(ReplicaFailure) -> LogPosition {
        let bytes = object.encoded()
        var step = Step()
        if let hint = target.hint {
            step.put(bytes, over: hint)
        } else {
            step.batch.put(target.location.objectKey, bytes)
        }
        mark(object, owedIn: target, in: &step)
        // Marks are not limited: there is at most one for each object held here and each home.
        let growth = step.hintChanges.reduce(0) { $0 + $1.bytes }
        if target.hint != nil, growth > 0, hints.bytes + growth > options.hintLimitBytes {
            throw .refused(
                .storage("it keeps hints up to its limit of \(options.hintLimitBytes) bytes"))
        }
        return try take(step)
    }

    /// Renews the hints by which `object` is owed: a home owes by reference, since it holds the
    /// object; a fallback keeps a copy. What was kept for the same home is joined, not lost.
    private func mark(_ object: Object, owedIn target: Target, in step: inout Step) {
        for owed in target.owed {
            var joined = owed.object
            joined.merge(object)
            let isHeldAsHome = target.hint == nil && joined == object
            step.put(
                isHeldAsHome ? HintMark.bytes(for: object.encoded()) : joined.encoded(),
                over: owed.hint)
        }
    }

    @discardableResult
    private mutating func take(_ step: Step) throws(ReplicaFailure) -> LogPosition {
        let position: LogPosition
        do { position = try engine.write(step.batch) } catch {
            throw .refused(.storage(error.description))
        }
        for change in step.hintChanges { hints.take(change) }
        return position
    }

    // MARK: Hints

    private func hint(
        for home: NodeID, at location: Location
    ) throws(ReplicaFailure) -> KeptHint {
        let key = location.hintKey(for: home)
        let bytes = hints.perHome[home] == nil ? nil : try read(key)
        return KeptHint(home: home, key: key, bytes: bytes)
    }

    private func object(of hint: KeptHint) throws(ReplicaFailure) -> Object {
        guard let bytes = hint.bytes else { return Object() }
        return try object(of: hint.key, bytes: bytes)
    }

    /// The object that a hint stands for: what it carries, or what this home itself holds.
    func object(of hint: StorageKey, bytes: Bytes) throws(ReplicaFailure) -> Object {
        HintMark.isMark(bytes) ? try object(at: Location(of: hint)) : try decode(bytes)
    }

    /// Forgets a hint that its home has acknowledged, unless it has changed since it was sent.
    mutating func forgetHint(at key: StorageKey, ifStill sent: Bytes) throws(ReplicaFailure) {
        guard let home = key.home, let bytes = try read(key), bytes == sent else { return }
        standInDots.forgetting(try decode(bytes).context)
        var step = Step()
        step.batch.delete(key)
        step.hintChanges.append(
            HintLedger.Change(home: home, count: -1, bytes: -key.key.count - bytes.count))
        try take(step)
    }

    /// The next hints after `cursor` in the order of the store, about `limitBytes` of them.
    func scanHints(after cursor: StorageKey?, limitBytes: Int) -> ScanOutcome {
        engine.scan(.hints, after: cursor, limitBytes: limitBytes)
    }
}
