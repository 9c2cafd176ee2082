// What this node itself holds: every write, from whoever it comes, is one atomic step here — read
// what is there, merge, log. Who else holds it, and how many are enough, is the coordinator's.
//
//     objects/(partition, key)        → the object, where this node is a home replica
//     removable/(partition, key)      → nothing but from when on, where the object holds no value
//                                       for good: a tombstone, or what expires
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
    /// Whether some of what was sent had been here and was removed.
    var isStale = false
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
    let options: ReplicationOptions
    let engine: StorageEngine
    /// Names the writes that this node coordinates as a home.
    var dots: DotSource
    /// Whether it may: not while data was lost under its actor, and the next is not durable yet.
    var issuesDots = true
    /// Names those that it coordinates in a home's place, or as a home that may not.
    var standInDots: StandInDots
    var clock: HybridClock
    /// The hints kept here, counted.
    var hints: HintLedger
    /// Up to where each partition is settled.
    var settled = Watermarks()
    /// The rare branches that were taken here.
    var marks = Marks<ReplicationMark>()
    /// What this node has bound itself to: it issues no timestamp up to here, and takes no hint
    /// that is as old.
    var floor = HybridTimestamp(bits: 0)

    /// How far ahead of the dots issued a key's context may be. Contexts come from clients, by way
    /// of any node: one that claims more is a lie, and following it would use the counter up.
    static let leapLimit: UInt64 = 1 << 32

    /// The replica of the node `local` over what `engine` recovered. O(hints).
    init(
        local: NodeID, options: ReplicationOptions, engine: StorageEngine, dots: DotSource,
        random: SeededRandom
    ) throws(StorageError) {
        self.local = local
        self.options = options
        self.engine = engine
        self.dots = dots
        standInDots = StandInDots(random: random)
        clock = HybridClock(maximumSkew: options.maximumClockSkew)
        hints = try HintLedger(counting: engine)
    }

    /// Up to where the log counts as synced in its sync mode.
    var durable: LogPosition { engine.durable }

    /// Up to where it is on disk, in every mode.
    var synced: LogPosition { engine.synced }

    /// Has all that was taken in so far brought to disk, in every mode.
    func syncSoon() { engine.syncSoon() }

    /// Whether the storage slows its writers down: then every acknowledgement waits for the log,
    /// where they are held up.
    var isBehind: Bool { engine.backlog > 0 }

    /// Whether this node can name a client's write as a home: not when its storage takes none (its
    /// disk is full, or it has failed, or has too little room for a value), nor when it has lost
    /// data and is not yet another actor.
    func namesWrites(_ mutation: Mutation) -> Bool {
        guard engine.refusal == nil, issuesDots else { return false }
        return mutation.content == .tombstone || engine.reserveRefusal == nil
    }

    /// Fails where clients' values are refused for want of space on the disk.
    func checkSpace() throws(ReplicaFailure) {
        if let refusal = engine.reserveRefusal {
            throw .refused(.storage(refusal.description))
        }
    }

    // MARK: Damage

    /// Stored data was lost. Contexts that dots issued here stand in claim to have seen all of this
    /// node's earlier writes of the key, and that may be no longer true: none is issued under the
    /// same actors.
    mutating func damageFound() {
        issuesDots = false
        standInDots.renew()
        hints.damageFound()
    }

    /// The actor of `dots` is not durable yet: it names nothing until it is renewed.
    mutating func actorAwaited() { issuesDots = false }

    /// The node goes on under the actor of `dots`, which is durable.
    mutating func actorRenewed(_ dots: DotSource) {
        invariant(dots.actor >= self.dots.actor, "\(dots.actor) after \(self.dots.actor)")
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
        return engine.load(keys, for: .replication)
    }

    func release(_ ticket: ReadTicket) { engine.release(ticket) }

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
    func read(_ key: StorageKey) throws(ReplicaFailure) -> Bytes? {
        if let home = key.home, hints.perHome[home] == nil { return nil }
        switch engine.get(key) {
        case .found(let bytes): return bytes
        case .absent: return nil
        case .notLoaded: throw .notLoaded
        case .damaged: throw .damaged("a block of the storage cannot be read")
        }
    }

    func decode(_ bytes: Bytes?) throws(ReplicaFailure) -> Object {
        guard let bytes, !HintMark.isMark(bytes) else { return Object() }
        do { return try Object(encoding: bytes) } catch {
            throw .damaged("a stored object does not read back: \(error)")
        }
    }
}
