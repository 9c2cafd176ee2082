// How much each level holds, for operators and for measurements.
internal import MartletBase

/// What the tables of one level come to.
public struct LevelSize: Hashable, Sendable {
    /// How many there are.
    public var tables = 0
    /// Their files, in bytes.
    public var fileBytes = 0
    /// Their records before compression, in bytes.
    public var recordBytes = 0
    /// What their indexes and filters take in memory, in bytes, about.
    public var mapBytes = 0

    /// An empty level.
    public init() {}
}

extension StorageEngine {
    /// Level 0 and those below it. O(tables).
    public var levelSizes: [LevelSize] {
        version.levels.map { tables in
            tables.reduce(into: LevelSize()) { size, table in
                size.tables += 1
                size.fileBytes += table.summary.fileBytes
                size.recordBytes += table.summary.recordBytes
                size.mapBytes += table.map.memoryBytes + 4 * table.slots.count
            }
        }
    }
}
