// The atomic steps of a replica: what is there is read first, then everything that follows from the
// change goes into one batch of the storage.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension Replica {
    /// A hint as it is kept at present.
    struct KeptHint {
        var home: NodeID
        var key: StorageKey
        /// What it carries; nil when there is none.
        var bytes: Bytes?
    }

    /// Where a step writes, read before it changes anything.
    struct Target {
        var location: Location
        /// The hint that it writes to; nil when this node holds the object as a home.
        var hint: KeptHint?
        /// The bytes of the object that it writes to as a home; nil when there are none.
        var bytes: Bytes?
        /// What is held there already.
        var held: Object
        /// The hints by which it is owed to other homes, with what each stands for so far.
        var owed: [(hint: KeptHint, object: Object)] = []
    }

    /// One atomic step of the storage, and what it changes about the hints once it is accepted.
    struct Step {
        var batch = WriteBatch()
        var hintChanges: [HintLedger.Change] = []

        mutating func put(_ bytes: Bytes, over hint: KeptHint) {
            let change =
                hint.bytes.map { (count: 0, bytes: bytes.count - $0.count) }
                ?? (count: 1, bytes: hint.key.key.count + bytes.count)
            hintChanges.append(
                HintLedger.Change(
                    home: hint.home, partition: hint.key.partition, count: change.count,
                    bytes: change.bytes))
            batch.put(hint.key, bytes)
        }

        /// Puts the object that a home holds, and keeps the list of those that may be removed.
        mutating func put(_ object: Object, _ bytes: Bytes, over target: Target) {
            batch.put(target.location.objectKey, bytes, replacing: target.bytes)
            if let from = object.mortalFrom {
                batch.put(
                    target.location.removableKey,
                    Removable(from: from, horizon: object.horizon).bytes)
            } else if target.bytes != nil, target.held.mortalFrom != nil {
                batch.delete(target.location.removableKey)
            }
        }
    }

    func target(
        at location: Location, heldFor: NodeID?, owed homes: [NodeID]
    ) throws(ReplicaFailure) -> Target {
        var target = Target(location: location, held: Object())
        if let home = heldFor {
            let hint = try hint(for: home, at: location)
            target.held = try object(of: hint)
            target.hint = hint
        } else {
            target.bytes = try read(location.objectKey)
            target.held = try decode(target.bytes)
        }
        for home in homes {
            let hint = try hint(for: home, at: location)
            target.owed.append((hint, try object(of: hint)))
        }
        return target
    }

    mutating func store(
        _ object: Object, in target: Target
    ) throws(ReplicaFailure) -> LogPosition {
        let bytes = object.encoding
        var step = Step()
        if let hint = target.hint {
            step.put(bytes, over: hint)
        } else {
            step.put(object, bytes, over: target)
        }
        mark(object, owedIn: target, in: &step)
        // Marks are not limited: there is at most one for each object held here and each home.
        let growth = step.hintChanges.reduce(0) { $0 + $1.bytes }
        if target.hint != nil, growth > 0, hints.bytes + growth > options.hintLimitBytes {
            marks.occurred(.hintsFull)
            throw .refused(
                .storage("it keeps hints up to its limit of \(options.hintLimitBytes) bytes"))
        }
        return try take(step)
    }

    /// Renews the hints by which `object` is owed: a home owes by reference, since it holds the
    /// object; a fallback keeps a copy. What was kept for the same home is joined, not lost.
    func mark(_ object: Object, owedIn target: Target, in step: inout Step) {
        for owed in target.owed {
            var joined = owed.object
            joined.merge(object)
            let isHeldAsHome = target.hint == nil && joined == object
            step.put(
                isHeldAsHome ? HintMark.bytes(for: object.encoding) : joined.encoding,
                over: owed.hint)
        }
    }

    @discardableResult
    mutating func take(_ step: Step) throws(ReplicaFailure) -> LogPosition {
        let position: LogPosition
        do { position = try engine.write(step.batch) } catch {
            throw .refused(.storage(error.description))
        }
        for change in step.hintChanges { hints.take(change) }
        return position
    }

    // MARK: Hints

    func hint(
        for home: NodeID, at location: Location
    ) throws(ReplicaFailure) -> KeptHint {
        let key = location.hintKey(for: home)
        let bytes = hints.perHome[home] == nil ? nil : try read(key)
        return KeptHint(home: home, key: key, bytes: bytes)
    }

    func object(of hint: KeptHint) throws(ReplicaFailure) -> Object {
        guard let bytes = hint.bytes else { return Object() }
        return try object(of: hint.key, bytes: bytes)
    }

    /// The object that a hint stands for: what it carries, or what this home itself holds.
    func object(of hint: StorageKey, bytes: Bytes) throws(ReplicaFailure) -> Object {
        HintMark.isMark(bytes) ? try object(at: Location(of: hint)) : try decode(bytes)
    }

    /// Forgets a hint that its home has acknowledged, unless it has changed since it was sent.
    mutating func forgetHint(at key: StorageKey, ifStill sent: Bytes) throws(ReplicaFailure) {
        guard let home = key.home, let bytes = try read(key) else { return }
        guard bytes == sent else { return marks.occurred(.hintChangedUnderWay) }
        standInDots.forgetting(try decode(bytes))
        var step = Step()
        step.batch.delete(key)
        step.hintChanges.append(
            HintLedger.Change(
                home: home, partition: key.partition, count: -1,
                bytes: -key.key.count - bytes.count))
        try take(step)
    }
}
