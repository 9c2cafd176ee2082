// A node that has lost its disk goes on with an empty one, under the identity that it had: what it
// must write down before it does anything else, and how it is filled.
//
// Its promise is lost, and others may count on it: that it issues no timestamp up to the floor and
// takes no hint as old. No promise is ahead of the clock of the node that makes it, so what the
// clock shows now is no less, as long as the clock has not gone back since.
// What it held is lost, and nobody has told it yet what that was: every partition is in doubt.
public import MartletBase
internal import MartletRing
public import MartletStorage
internal import MartletVersions

extension AntiEntropy {
    static let lostKey = StorageKey.state("lost-disk")

    /// Has `batch` bind the node anew, and put everything that it is a home of in doubt. The batch
    /// must be synced before the node takes anything.
    public static func startOver(at wall: WallTime, in batch: inout WriteBatch) {
        putFloor(HybridTimestamp(wall), in: &batch)
        batch.put(lostKey, Bytes())
    }

    /// Doubts all partitions, now that it is known which they are, if the disk was lost; until that
    /// is written down as any doubt is, it is begun with again at every start.
    mutating func recallLoss() {
        guard case .found = engine.get(Self.lostKey) else { return }
        counters.marks.occurred(.lossRecalled)
        for partition in owned {
            if let others = otherHomes(of: partition) { times.doubt(partition, until: others) }
        }
        var batch = WriteBatch()
        putDoubts(in: &batch)
        batch.delete(Self.lostKey)
        // A storage that refuses it leaves the loss to be recalled again.
        _ = try? engine.write(batch)
    }
}
