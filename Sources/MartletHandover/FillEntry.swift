// What hand-over has written down of a node, one entry at a time: for tools that look at a stopped
// node's storage. Hand-over itself reads each where it needs it.
public import MartletBase

/// A partition that moves to the node, as it was written down last.
public struct FillEntry: Hashable, Sendable {
    /// How far a fill is.
    public enum Stage: String, Hashable, Sendable {
        /// What was held of an earlier time is handed back and dropped.
        case clearing
        /// It is fetched from the homes of before.
        case filling
        /// All of it is held.
        case filled
    }

    /// The partition.
    public let partition: UInt16
    /// Since which epoch it moves to the homes to which it does.
    public let since: UInt64
    /// How far it is.
    public let stage: Stage
    /// From how many homes of before all has come.
    public let throughCount: Int

    private static let keyFront = "fill-"

    /// Reads the entry called `name`; nil for a name that is none of hand-over's.
    public init?(name: Bytes, value: Bytes) throws(FormatError) {
        let text = name.text
        guard text.hasPrefix(Self.keyFront),
            let partition = UInt16(text.dropFirst(Self.keyFront.count))
        else { return nil }
        let record = try FillRecord(value)
        self.partition = partition
        since = record.since
        stage =
            switch record.stage {
            case .clearing: .clearing
            case .filling: .filling
            case .filled: .filled
            }
        throughCount = record.passes.count { $0.hash == nil }
    }
}
