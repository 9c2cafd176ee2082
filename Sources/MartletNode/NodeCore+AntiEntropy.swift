// Between anti-entropy and replication, which know nothing of each other: what the one finds, the
// other moves, judges by, and removes.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletReplication
public import MartletRing
public import MartletStorage
public import MartletVersions
internal import MartletWire

extension NodeCore {
    /// Up to where `partition` is settled, as far as this node knows.
    public func watermark(of partition: Partition) -> HybridTimestamp {
        antiEntropy.watermark(of: partition)
    }

    /// Whether this node has lost what it held of `partition`, or may have: it judges nothing there
    /// until it has been found equal to every other home. True while it knows no ring.
    public func isInDoubt(of partition: Partition) -> Bool {
        antiEntropy.isInDoubt(of: partition)
    }

    /// Acts on what has come of anti-entropy.
    mutating func drainAntiEntropy(at now: Moment, into work: inout Work) {
        if antiEntropy.hasPromiseToTell {
            antiEntropy.tellPromise(
                hinted: replication.hintedPartitions, into: &antiEntropyEffects)
        }
        if antiEntropyEffects.isEmpty { return }
        for effect in antiEntropyEffects {
            switch effect {
            case .send(let message, let node):
                work.outbox.send(.exchange(message), to: node)
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
        antiEntropyEffects.removeAll(keepingCapacity: true)
    }
}

extension EntryDigest {
    /// What a stored object is to a Merkle tree: its dots, which name its values.
    /// Every engine that holds a node's data is opened with this.
    public static let object = EntryDigest("object") { Object.digest(keyHash: $0, $1) }
}
