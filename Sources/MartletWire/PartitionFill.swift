// What a home tells of partitions that move to it: that it holds all of them.
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

extension PartitionFill {
    private static let minimumSize = 2

    static func encode(_ fills: [PartitionFill], into writer: inout ByteWriter) {
        writer.writeCount(fills.count)
        for fill in fills {
            writer.writeVarint(UInt64(fill.partition))
            writer.writeVarint(fill.since)
        }
    }

    static func decode(from reader: inout ByteReader) throws(FormatError) -> [PartitionFill] {
        var fills: [PartitionFill] = []
        for _ in 0..<(try reader.readCount(minimumSize: minimumSize)) {
            guard let partition = UInt16(exactly: try reader.readVarint()) else {
                throw reader.error(.tooLarge("partition"))
            }
            fills.append(PartitionFill(partition: partition, since: try reader.readVarint()))
        }
        return fills
    }
}
