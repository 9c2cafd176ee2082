// Up to where each partition is settled.
internal import MartletRing
internal import MartletVersions

/// The watermarks by which this node may judge what it is sent: those of its home partitions, but
/// for partitions in which it has lost data and cannot tell what was removed from what was lost.
struct Watermarks {
    /// By partition, as far as one is known.
    private var watermarks: [HybridTimestamp] = []

    /// The beginning of time where nothing is known. O(1).
    subscript(partition: Partition) -> HybridTimestamp {
        get {
            let index = Int(partition.index)
            return index < watermarks.count ? watermarks[index] : HybridTimestamp(bits: 0)
        }
        set {
            let missing = Int(partition.index) + 1 - watermarks.count
            if missing > 0 {
                watermarks += repeatElement(HybridTimestamp(bits: 0), count: missing)
            }
            watermarks[Int(partition.index)] = newValue
        }
    }
}
