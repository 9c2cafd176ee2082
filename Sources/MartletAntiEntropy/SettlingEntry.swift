// What anti-entropy has written down of a node, one entry at a time: for tools that look at a
// stopped node's storage. Anti-entropy itself reads each where it needs it.
public import MartletBase
internal import MartletStorage
public import MartletVersions

/// An entry of the `state` space that is anti-entropy's.
public enum SettlingEntry: Hashable, Sendable {
    /// What the node has bound itself to: it issues no timestamp up to there, and takes no hint
    /// that is as old.
    case floor(HybridTimestamp)
    /// Up to where a partition is settled.
    case watermark(partition: UInt16, HybridTimestamp)
    /// The partitions in which the node judges nothing, since it has lost data.
    case doubts([UInt16])
    /// The disk was lost, and which partitions that puts in doubt is not known yet.
    case lostDisk

    /// Reads the entry called `name`; nil for a name that is none of anti-entropy's.
    public init?(name: Bytes, value: Bytes) throws(FormatError) {
        var reader = ByteReader(value)
        switch name {
        case Promises.floorKey.key: self = .floor(try Self.time(&reader))
        case SettledTimes.lostKey.key: self = .lostDisk
        case SettledTimes.doubtsKey.key:
            var partitions: [UInt16] = []
            while !reader.isAtEnd { partitions.append(try reader.readUInt16()) }
            self = .doubts(partitions)
        default:
            guard let partition = SettledTimes.partition(of: name) else { return nil }
            self = .watermark(partition: partition, try Self.time(&reader))
        }
        try reader.expectEnd()
    }

    private static func time(_ reader: inout ByteReader) throws(FormatError) -> HybridTimestamp {
        HybridTimestamp(bits: try reader.readUInt64())
    }
}
