// What the manifest knows of a table, and all that deciding about tables needs: no IO, no contents.
internal import MartletBase

/// One immutable file of sorted records, seen from outside.
package struct TableSummary: Hashable, Sendable {
    /// The number in its name, never given twice.
    package var number: UInt64
    /// Its length in bytes.
    package var fileBytes: Int
    /// Its blocks of records.
    package var blockCount: Int
    /// Records that put an entry.
    package var putCount: Int
    /// Records that delete one.
    package var deleteCount: Int
    /// What its records take before compression, in bytes.
    package var recordBytes: Int
    /// The rank of its first record.
    package var lowest: Rank
    /// The rank of its last record.
    package var highest: Rank
    /// The last position of the log that went into it: what came later is newer than all of it.
    package var newest: LogPosition

    /// How many records it holds.
    package var recordCount: Int { putCount + deleteCount }
    /// The ranks between which its records lie.
    package var ranks: ClosedRange<Rank> { lowest...highest }
    /// The name of its file.
    package var fileName: String { TableFormat.fileName(number) }
}
