// What hand-over has done, in numbers: each part counts what it does itself.
public import MartletBase

/// Counts of what happened, for metrics and for checks that rare paths were reached.
public struct HandoverCounters: Hashable, Sendable {
    /// Bytes of chunks sent, as they travel.
    public var bytesSent: UInt64 = 0
    /// Bytes of chunks received, as they travel.
    public var bytesReceived: UInt64 = 0
    /// Objects sent.
    public var objectsSent: UInt64 = 0
    /// Objects received.
    public var objectsReceived: UInt64 = 0
    /// Chunks sent, those without objects among them.
    public var chunksSent: UInt64 = 0
    /// Chunks received, those without objects among them.
    public var chunksReceived: UInt64 = 0
    /// Pulls refused to others.
    public var refusals: UInt64 = 0
    /// Partitions filled.
    public var fills: UInt64 = 0
    /// Partitions dropped, after all their homes had taken what was held.
    public var drops: UInt64 = 0
    /// The rare branches that were taken.
    public var marks = Marks<HandoverMark>()

    /// All zero.
    public init() {}

    /// Takes in what another part has done.
    mutating func add(_ other: HandoverCounters) {
        bytesSent += other.bytesSent
        bytesReceived += other.bytesReceived
        objectsSent += other.objectsSent
        objectsReceived += other.objectsReceived
        chunksSent += other.chunksSent
        chunksReceived += other.chunksReceived
        refusals += other.refusals
        fills += other.fills
        drops += other.drops
        marks.formUnion(other.marks)
    }
}
