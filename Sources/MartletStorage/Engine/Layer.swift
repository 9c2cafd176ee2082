// A memtable among those that came before and after it: what it has dropped of the older ones, and
// how far in the log it reaches.
internal import MartletBase

/// One memtable with the drops that came with it. Loop-confined while it takes writes; afterwards
/// immutable, and read by the loop and by the flush alike.
final class Layer: @unchecked Sendable {
    let memtable: Memtable
    /// Drops that hide what older layers and tables hold; the memtable holds nothing that came
    /// before one of them and that it would hide.
    private(set) var drops: [Manifest.DropMark] = []
    /// The position of the last batch in it.
    private(set) var newest: LogPosition

    init(after position: LogPosition, options: StorageOptions) {
        memtable = Memtable(expectedBytes: options.flushBytes, seed: options.hashSeed)
        newest = position
    }

    /// Counts the batch at `position` as begun.
    func reach(_ position: LogPosition) { newest = position }

    func drop(_ space: StorageKey.Space, _ partition: UInt16) {
        invariant(!memtable.holds(space, partition), "a drop of what the layer itself holds")
        drops.removeAll { $0.space == space && $0.partition == partition }
        drops.append(Manifest.DropMark(space: space, partition: partition, position: newest))
    }

    /// Whether older layers and tables are hidden in that partition.
    func hides(_ space: StorageKey.Space, _ partition: UInt16) -> Bool {
        !drops.isEmpty && drops.contains { $0.space == space && $0.partition == partition }
    }
}

/// Walks the partitions that a memtable holds, a block each, ascending.
struct LayerCursor {
    private let layer: Layer
    private let mark: Memtable.Mark?
    private let hashes: ClosedRange<UInt64>?
    private var rest: ArraySlice<(space: StorageKey.Space, partition: UInt16)>

    /// The partitions of `spaces` that lie in `partitions`, as they were at `mark`; of their keys
    /// those with `hashes`, or all.
    init(
        _ layer: Layer, before mark: Memtable.Mark?, spaces: [StorageKey.Space],
        partitions: ClosedRange<UInt16> = 0...UInt16.max, hashes: ClosedRange<UInt64>? = nil
    ) {
        self.layer = layer
        self.mark = mark
        self.hashes = hashes
        rest =
            spaces.flatMap { space in
                layer.memtable.partitions(of: space)
                    .filter { partitions.contains($0) }.map { (space, $0) }
            }[...]
    }

    /// The next partition's records; nil at the end.
    mutating func next() -> Block? {
        while let (space, partition) = rest.popFirst() {
            let block = layer.memtable.block(space, partition, before: mark, hashes: hashes)
            if let block { return block }
        }
        return nil
    }
}
