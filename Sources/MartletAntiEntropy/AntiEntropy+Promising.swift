// Promises: each node tells all others up to which time it has nothing new to bring.
//
// A promise is synced before it is told, so that no restart, whatever the clock says then, takes it
// back; and it is told with the hints of that moment, so that whatever is older than its floor and
// was handed to this node for somebody else is either there to be seen, or has arrived.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

extension AntiEntropy {
    /// Binds the node; the others hear of it once that is synced.
    mutating func makePromise(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        let interval = options.promiseInterval
        nextPromise = now.instant + random.duration(in: interval * 3 / 4...interval * 5 / 4)
        guard mayPromise, topology != nil, pendingPromise == nil, engine.refusal == nil else {
            return
        }
        let behind = HybridTimestamp(now.wall.earlier(by: options.promiseLag))
        let bound = boundOfOthers
        counters.marks.occurred(.promiseHeldBack, if: bound < behind)
        floor = max(floor, min(behind, bound))
        effects.append(.promise(floor))
        var batch = WriteBatch()
        Self.putFloor(floor, in: &batch)
        // A storage that takes no writes promises nothing; the next time it may.
        guard let position = try? engine.write(batch, isSynced: true) else {
            return counters.marks.occurred(.promiseRefused)
        }
        pendingPromise = (floor, position)
    }

    static func putFloor(_ floor: HybridTimestamp, in batch: inout WriteBatch) {
        var writer = ByteWriter(capacity: 8)
        writer.write(floor.bits)
        batch.put(floorKey, writer.take())
    }

    /// No further than this beyond the node that has promised least: more would prove nothing, and
    /// a clock that has jumped ahead would bind this node to a time that no other believes.
    private var boundOfOthers: HybridTimestamp {
        let others = topology?.members.map(\.id).filter { $0 != local } ?? []
        guard let least = promises.least(among: others) else {
            return HybridTimestamp(bits: .max)
        }
        let lead = UInt64(Self.leadLimit.milliseconds)
        return HybridTimestamp(WallTime(milliseconds: least.wall.milliseconds + lead))
    }

    private static let leadLimit = Duration.seconds(600)

    /// Whether what the node has bound itself to is synced and nobody has heard of it yet.
    public var hasPromiseToTell: Bool {
        pendingPromise.map { engine.synced >= $0.position } ?? false
    }

    /// Tells all others what the node has bound itself to, and in which partitions it keeps hints
    /// at this moment.
    public mutating func tellPromise(
        hinted: [UInt16], into effects: inout [AntiEntropyEffect]
    ) {
        guard hasPromiseToTell, let pending = pendingPromise, let topology else { return }
        pendingPromise = nil
        let promise = Promise(floor: pending.floor, hinted: hinted)
        promises.take(promise, of: local)
        for member in topology.members where member.id != local {
            send(.promise(promise), to: member.id, into: &effects)
        }
    }

    mutating func take(
        _ promise: Promise, of sender: NodeID, into effects: inout [AntiEntropyEffect]
    ) {
        promises.take(promise, of: sender)
        effects.append(.observe(promise.floor))
    }
}
