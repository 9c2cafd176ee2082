// What a member tells of a change of the ring: which partitions it has filled, and that it holds
// nothing any more.
internal import MartletBase

/// A partition that its sender has filled.
public struct PartitionFill: Hashable, Comparable, Sendable {
    /// The partition.
    public var partition: UInt16
    /// Since which epoch it moves to the homes for which that was shown.
    public var since: UInt64

    /// That `partition`, which has moved to where it does `since` that epoch, is filled.
    public init(partition: UInt16, since: UInt64) {
        self.partition = partition
        self.since = since
    }

    /// By partition.
    public static func < (left: PartitionFill, right: PartitionFill) -> Bool {
        left.partition == right.partition
            ? left.since < right.since : left.partition < right.partition
    }
}

/// How far a member has come with what a change of the ring asks of it.
public struct MoveReport: Hashable, Sendable {
    /// The partitions that it has filled, of those that move to it; sorted.
    public var fills: [PartitionFill]
    /// Whether it leaves, and holds nothing any more that it is to hand on.
    public var isDrained: Bool

    /// A report of these.
    public init(fills: [PartitionFill] = [], isDrained: Bool = false) {
        self.fills = fills
        self.isDrained = isDrained
    }
}

extension MoveReport {
    private static let minimumSize = 2

    func encode(into writer: inout ByteWriter) {
        writer.write(isDrained)
        writer.writeCount(fills.count)
        for fill in fills {
            writer.writeVarint(UInt64(fill.partition))
            writer.writeVarint(fill.since)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        self.init(isDrained: try reader.readFlag())
        for _ in 0..<(try reader.readCount(minimumSize: Self.minimumSize)) {
            guard let partition = UInt16(exactly: try reader.readVarint()) else {
                throw reader.error(.tooLarge("partition"))
            }
            fills.append(PartitionFill(partition: partition, since: try reader.readVarint()))
        }
    }
}
