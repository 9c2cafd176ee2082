// The note beside an object that holds no value for good, by which it is found again when the last
// trace of its key may go.
public import MartletBase

/// What the storage keeps beside an object that holds no value for good.
public struct Removable: Hashable, Sendable {
    /// From when on no sibling holds a value.
    public var from: WallTime
    /// The horizon of its context.
    public var horizon: HybridTimestamp

    /// A note of an object.
    public init(from: WallTime, horizon: HybridTimestamp) {
        self.from = from
        self.horizon = horizon
    }

    /// Reads what `bytes` made; nil for anything else.
    public init?(_ bytes: Bytes) {
        var reader = ByteReader(bytes)
        do throws(FormatError) {
            from = WallTime(milliseconds: try reader.readUInt64())
            horizon = HybridTimestamp(bits: try reader.readUInt64())
            try reader.expectEnd()
        } catch { return nil }
    }

    /// Sixteen bytes: the milliseconds, then the bits, as u64 each.
    public var bytes: Bytes {
        var writer = ByteWriter(capacity: 16)
        writer.write(from.milliseconds)
        writer.write(horizon.bits)
        return writer.take()
    }
}
