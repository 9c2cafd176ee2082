// What the manifest knows of a table, and all that deciding about tables needs: no IO, no contents.
internal import MartletBase

/// One immutable file of sorted records, seen from outside.
public struct TableSummary: Hashable, Sendable {
    /// The number in its name, never given twice.
    public var number: UInt64
    /// Its length in bytes.
    public var fileBytes: Int
    /// Its blocks of records.
    public var blockCount: Int
    /// Records that put an entry.
    public var putCount: Int
    /// Records that delete one.
    public var deleteCount: Int
    /// What its records take before compression, in bytes.
    public var recordBytes: Int
    /// The rank of its first record.
    public var lowest: Rank
    /// The rank of its last record.
    public var highest: Rank
    /// The last position of the log that went into it: what came later is newer than all of it.
    public var newest: LogPosition

    /// How many records it holds.
    public var recordCount: Int { putCount + deleteCount }
    /// The ranks between which its records lie.
    public var ranks: ClosedRange<Rank> { lowest...highest }
    /// The name of its file.
    public var fileName: String { TableFormat.fileName(number) }
}
