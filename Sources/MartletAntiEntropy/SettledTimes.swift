// Up to where each partition is settled, as this node knows it, and what keeps it from judging by
// that.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// The watermarks of this node's home partitions.
struct SettledTimes {
    private struct Mark {
        var watermark = HybridTimestamp(bits: 0)
        /// Homes with which the partition must be found equal before the node may judge by its
        /// watermark again: it has lost data, and cannot tell that from what was removed.
        var doubted: [NodeID] = []
        /// Homes with which it was found equal since the start.
        var equalled: [NodeID] = []
        /// When it was last compared with another home, and found equal.
        var comparedAt: Instant?
        var equalAt: Instant?
    }

    private var marks: [Mark]

    /// What the storage remembers of `count` partitions.
    init(count: Int, from engine: StorageEngine) {
        marks = []
        for partition in 0..<count {
            var mark = Mark()
            if case .found(let bytes) = engine.get(Self.key(UInt16(partition))) {
                mark.watermark = Self.decode(bytes)
            }
            marks.append(mark)
        }
    }

    /// Up to where `partition` is settled.
    func watermark(_ partition: UInt16) -> HybridTimestamp { marks[Int(partition)].watermark }

    /// Up to where the node may judge what it is sent.
    func trusted(_ partition: UInt16) -> HybridTimestamp {
        let mark = marks[Int(partition)]
        return mark.doubted.isEmpty ? mark.watermark : HybridTimestamp(bits: 0)
    }

    func isDoubted(_ partition: UInt16) -> Bool { !marks[Int(partition)].doubted.isEmpty }

    /// Whether the partition was the same as at `node`, once since the start.
    func hasEqualled(_ partition: UInt16, at node: NodeID) -> Bool {
        marks[Int(partition)].equalled.contains(node)
    }

    func comparedAt(_ partition: UInt16) -> Instant? { marks[Int(partition)].comparedAt }
    func equalAt(_ partition: UInt16) -> Instant? { marks[Int(partition)].equalAt }

    /// Moves a watermark up, once `engine` has it in its log: there it stands before whatever it
    /// lets go. False when it stands there already, or the storage takes no writes: one that is
    /// behind would take this, and never catch up for it.
    mutating func advance(
        _ partition: UInt16, to watermark: HybridTimestamp, in engine: StorageEngine
    ) -> Bool {
        guard watermark > marks[Int(partition)].watermark, engine.refusal == nil else {
            return false
        }
        var writer = ByteWriter(capacity: 8)
        writer.write(watermark.bits)
        var batch = WriteBatch()
        batch.put(Self.key(partition), writer.take())
        do throws(WriteRefusal) { try engine.write(batch) } catch { return false }
        marks[Int(partition)].watermark = watermark
        return true
    }

    /// Data was lost: nothing is judged until the partition equals that of all `others`.
    mutating func doubt(_ partition: UInt16, until others: [NodeID]) {
        marks[Int(partition)].doubted = others
    }

    /// The partition was compared with that of `node`. Whether that ended a doubt.
    mutating func compared(
        _ partition: UInt16, with node: NodeID, isEqual: Bool, at now: Instant
    ) -> Bool {
        marks[Int(partition)].comparedAt = now
        guard isEqual else { return false }
        marks[Int(partition)].equalAt = now
        if !hasEqualled(partition, at: node) { marks[Int(partition)].equalled.append(node) }
        guard isDoubted(partition) else { return false }
        marks[Int(partition)].doubted.removeAll { $0 == node }
        return !isDoubted(partition)
    }

    // MARK: What is stored

    private static let keyFront = "watermark-"

    private static func key(_ partition: UInt16) -> StorageKey { .state("\(keyFront)\(partition)") }

    /// Of which partition the entry of that name is the watermark; nil where it is none.
    static func partition(of name: Bytes) -> UInt16? {
        let text = name.text
        return text.hasPrefix(keyFront) ? UInt16(text.dropFirst(keyFront.count)) : nil
    }

    static func decode(_ bytes: Bytes) -> HybridTimestamp {
        var reader = ByteReader(bytes)
        return HybridTimestamp(bits: (try? reader.readUInt64()) ?? 0)
    }
}
