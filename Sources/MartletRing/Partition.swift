// Partitions: equal runs of slots, the unit of placement (Dynamo §6.2, strategy 3: "Q/S tokens per
// node, equal-sized partitions"). Which node holds which partition is the topology's to say.
internal import MartletBase

/// The number of a partition in its cluster.
public struct Partition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Counted from 0, below the cluster's `PartitionCount`.
    public let index: UInt16

    /// The partition with this number; the caller keeps it below its cluster's count.
    public init(index: UInt16) {
        self.index = index
    }

    /// By number, which is also the order of their slots.
    public static func < (left: Partition, right: Partition) -> Bool {
        left.index < right.index
    }

    /// The number in decimal.
    public var description: String { String(index) }
}

/// Q, how many partitions a cluster has: a power of two from 1 to 16384, fixed for its life.
///
/// More partitions make shares finer and transfers smaller; fewer make the topology and the number
/// of Merkle trees smaller. Many times more than nodes is right: 1024 serves up to about a hundred.
public struct PartitionCount: Hashable, Sendable, CustomStringConvertible {
    /// The highest base-2 logarithm of a partition count: one partition for each slot.
    public static let exponentLimit: UInt8 = 14
    /// 1024.
    public static let standard = PartitionCount(checkedExponent: 10)

    /// The base-2 logarithm of the count, in `0 ... exponentLimit`.
    public let exponent: UInt8

    /// The count `value`; nil unless it is a power of two from 1 to 16384.
    public init?(_ value: Int) {
        guard value >= 1, value <= Slot.count, value & (value - 1) == 0 else { return nil }
        self.init(checkedExponent: UInt8(value.trailingZeroBitCount))
    }

    /// The count 2^`exponent`; nil above `exponentLimit`.
    public init?(exponent: UInt8) {
        guard exponent <= PartitionCount.exponentLimit else { return nil }
        self.init(checkedExponent: exponent)
    }

    private init(checkedExponent: UInt8) {
        exponent = checkedExponent
    }

    /// How many partitions there are.
    public var value: Int { 1 << Int(exponent) }

    /// Every partition, in order.
    public var partitions: some RandomAccessCollection<Partition> {
        (0..<UInt16(value)).lazy.map { Partition(index: $0) }
    }

    /// The partition that `slot` lies in.
    public func partition(of slot: Slot) -> Partition {
        Partition(index: slot.index >> UInt16(PartitionCount.exponentLimit - exponent))
    }

    /// The run of slots that is `partition`.
    public func slots(of partition: Partition) -> ClosedRange<Slot> {
        invariant(Int(partition.index) < value, "partition \(partition) of \(value)")
        let width = Slot.count / value
        let first = Int(partition.index) * width
        guard let low = Slot(index: first), let high = Slot(index: first + width - 1) else {
            fatalError("slots \(first) and on of \(Slot.count)")
        }
        return low...high
    }

    /// The count in decimal.
    public var description: String { String(value) }
}
