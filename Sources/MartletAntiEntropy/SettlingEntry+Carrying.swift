// What anti-entropy has written down of a node, put together from the storages of its shards and
// divided among others: when the number of shards changes.
internal import MartletBase
public import MartletStorage
internal import MartletVersions

/// All that the shards of one node have written down.
public struct SettlingLedger: Sendable {
    private var floor = HybridTimestamp(bits: 0)
    private var watermarks: [UInt16: HybridTimestamp] = [:]
    private var doubts: Set<UInt16> = []
    private var isDiskLost = false

    /// Nothing yet.
    public init() {}

    /// Takes in an entry of one of the shards.
    public mutating func take(_ entry: SettlingEntry) {
        switch entry {
        case .floor(let time): floor = max(floor, time)
        case .watermark(let partition, let time): watermarks[partition] = time
        case .doubts(let partitions): doubts.formUnion(partitions)
        case .lostDisk: isDiskLost = true
        }
    }

    /// Has `batch` hold what a shard begins with that serves the partitions for which `serves` is
    /// true. It is bound to the latest floor of all.
    public func put(in batch: inout WriteBatch, serving serves: (UInt16) -> Bool) {
        if floor.bits > 0 { Promises.put(floor, in: &batch) }
        for (partition, time) in watermarks.sorted(by: { $0.key < $1.key }) where serves(partition)
        {
            SettledTimes.put(time, of: partition, in: &batch)
        }
        let doubted = doubts.filter(serves).sorted()
        if !doubted.isEmpty { SettledTimes.put(doubts: doubted, in: &batch) }
        if isDiskLost { SettledTimes.putLoss(in: &batch) }
    }
}
