// Between anti-entropy and replication, which know nothing of each other: what the one finds, the
// other moves, judges by, and removes.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletHandover
internal import MartletReplication
internal import MartletRing
public import MartletStorage
internal import MartletVersions
internal import MartletWire

extension ShardCore {
    /// Acts on what has come of anti-entropy.
    mutating func drainAntiEntropy(at now: Moment, into work: inout Work) {
        if antiEntropy.hasPromiseToTell {
            let held = Set(replication.hintedPartitions).union(handover.leftovers)
            antiEntropy.tellPromise(hinted: held.sorted(), into: &effects)
        }
        if effects.isEmpty { return }
        for effect in effects {
            switch effect {
            case .send(let message, let peer):
                work.outbox.send(.exchange(message), to: peer)
            case .push(let key, let partition, let node):
                replication.push(key, in: partition, to: node, at: now)
            case .remove(let key, let partition, let wall):
                replication.remove(
                    key, in: partition, absentSince: wall, at: now, into: &work.outbox)
            case .settle(let partition, let watermark):
                replication.settle(partition, upTo: watermark)
            case .promise(let floor): replication.promise(floor)
            case .observe(let timestamp): replication.observe(timestamp, at: now.wall)
            }
        }
        effects.removeAll(keepingCapacity: true)
    }
}

extension EntryDigest {
    /// What a stored object is to a Merkle tree: its dots, which name its values.
    /// Every engine that holds a node's data is opened with this.
    public static let object = EntryDigest("object") { Object.digest(keyHash: $0, $1) }
}
