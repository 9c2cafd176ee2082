// Up to where each partition is settled.
internal import MartletRing
internal import MartletVersions

/// The watermarks by which this node may judge what it is sent: those of its home partitions, but
/// for partitions in which it has lost data and cannot tell what was removed from what was lost.
struct Watermarks {
    private var watermarks: [UInt16: HybridTimestamp] = [:]

    /// The beginning of time where nothing is known. O(1).
    subscript(partition: Partition) -> HybridTimestamp {
        get { watermarks[partition.index] ?? HybridTimestamp(bits: 0) }
        set { watermarks[partition.index] = newValue }
    }
}
