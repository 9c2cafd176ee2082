// What a shard tells an operator that it holds of a key. Asking changes nothing that is stored.
//
//     lookUp ─► scans of the key's hash, from the disk where need be ─► a reply, now or later
public import MartletAntiEntropy
public import MartletBase
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
public import MartletVersions

/// All that a node holds of one key.
public struct KeyHoldings: Hashable, Sendable {
    /// What is kept for a home that lacks it.
    public struct Hint: Hashable, Sendable {
        /// The home.
        public var home: NodeID
        /// What is kept in its place; nil where the hint refers to the object beside it.
        public var object: Object?
    }

    /// The key.
    public var key: Bytes
    /// Its partition.
    public var partition: UInt16
    /// What is held as a home; empty when nothing is.
    public var object = Object()
    /// Hints of the key, by home.
    public var hints: [Hint] = []
    /// Whether something that is held does not read back.
    public var isDamaged = false
    /// How the partition stands; nil where the node is no home of it.
    public var condition: PartitionCondition?
    /// What keeps the object from being removed; nothing where it goes with the next sweep.
    public var obstacles: [RemovalObstacle] = []
}

/// A look at a key that may wait for the disk.
struct KeyLookup {
    var id: RequestID
    var holdings: KeyHoldings
    var awaited: [ReadTicket] = []

    mutating func take(_ entries: [ScanPage.Entry]) {
        for entry in entries where entry.key.key == holdings.key {
            if let home = entry.key.home {
                let isMark = HintMark.isMark(entry.value)
                let object = isMark ? nil : decode(entry.value)
                holdings.hints.append(KeyHoldings.Hint(home: home, object: object))
            } else if let object = decode(entry.value) {
                holdings.object = object
            }
        }
    }

    private mutating func decode(_ bytes: Bytes) -> Object? {
        var reader = ByteReader(bytes)
        do { return try Object(from: &reader) } catch {
            holdings.isDamaged = true
            return nil
        }
    }
}

extension ShardCore {
    /// Looks at a time; more are refused.
    private static let lookupLimit = 64
    /// Bytes of hints of one key that are looked at.
    private static let lookupBytes = 16 << 20

    /// Looks at what is held of `key`; the reply may wait for the disk.
    mutating func lookUp(
        _ key: Bytes, under id: RequestID, at wall: WallTime, into work: inout Work
    ) {
        guard let lookup = lookup(of: key, under: id) else {
            return work.reply(.holds(nil), to: id)
        }
        lookups.append(lookup)
        answerLookups(at: wall, into: &work)
    }

    /// Begins to look at what is held of `key`; nil when the node has no ring yet, or too much is
    /// being read.
    private func lookup(of key: Bytes, under id: RequestID) -> KeyLookup? {
        guard let topology, lookups.count < Self.lookupLimit else { return nil }
        let partition = topology.partition(ofKey: key).index
        let hash = StorageKey.object(partition: partition, key: key).hash
        var lookup = KeyLookup(id: id, holdings: KeyHoldings(key: key, partition: partition))
        for space in [StorageKey.Space.objects, .hints] {
            let outcome = engine.scan(
                space, partitions: partition...partition, hashes: hash...hash,
                limitBytes: Self.lookupBytes, for: .inspection)
            switch outcome {
            case .page(let page): lookup.take(page.entries)
            case .pending(let ticket): lookup.awaited.append(ticket)
            case .refused: return nil
            }
        }
        return lookup
    }

    /// A read that some look may wait for is complete.
    mutating func lookUpRead(
        _ read: CompletedRead, at wall: WallTime, into work: inout Work
    ) {
        for index in lookups.indices where lookups[index].awaited.contains(read.ticket) {
            lookups[index].awaited.removeAll { $0 == read.ticket }
            switch read.result {
            case .page(let page): lookups[index].take(page.entries)
            case .damaged: lookups[index].holdings.isDamaged = true
            case .loaded: continue
            }
        }
        answerLookups(at: wall, into: &work)
    }

    private mutating func answerLookups(at wall: WallTime, into work: inout Work) {
        for lookup in lookups where lookup.awaited.isEmpty {
            var holdings = lookup.holdings
            holdings.condition = antiEntropy.condition(of: holdings.partition)
            holdings.obstacles = antiEntropy.obstacles(
                toRemoving: holdings.object, in: holdings.partition, at: wall)
            work.reply(.holds(holdings), to: lookup.id)
        }
        lookups.removeAll { $0.awaited.isEmpty }
    }
}
