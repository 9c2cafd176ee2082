// What one table says of itself at its ends: no block is read.
internal import MartletBase

/// A table that the manifest names, or a file of one that it does not.
public struct InspectedTable: Hashable, Sendable {
    /// The number in its name.
    public var number: UInt64
    /// Its level; nil where the manifest does not name it.
    public var level: Int?
    /// What the manifest says of it, or without that its own footer.
    public var summary: TableSummary?
    /// What its blocks take in the file, in bytes; 0 where the ends do not read back.
    public internal(set) var storedBytes = 0
    /// What its filter takes in the file, in bytes.
    public internal(set) var filterBytes = 0
    /// What stays in memory while it is open, in bytes, about.
    public internal(set) var memoryBytes = 0
    /// Why it does not open; nil where it does.
    public internal(set) var problem: StorageDamage?

    /// Its file.
    public var fileName: String { TableFormat.fileName(number) }
    /// How many times smaller the file's blocks are than the records in them; nil where unknown.
    public var compressionRatio: Double? {
        guard let summary, storedBytes > 0 else { return nil }
        return Double(summary.recordBytes) / Double(storedBytes)
    }
    /// Bits of filter for each record; nil where unknown.
    public var filterBitsPerKey: Double? {
        guard let summary, storedBytes > 0 else { return nil }
        return Double(8 * filterBytes) / Double(summary.recordCount)
    }
    /// The partitions of its first and last record, with their spaces; nil where unknown.
    public var partitions: ClosedRange<RankPlace>? {
        summary.map { RankPlace($0.lowest)...RankPlace($0.highest) }
    }

    /// Opens table `number` as the engine would, which expects of it what the manifest says.
    init(_ number: UInt64, level: Int?, expected: TableSummary?, on disk: any Disk) {
        self.number = number
        self.level = level
        summary = expected
        do throws(TableError) {
            let file: any DiskFile
            do { file = try disk.open(TableFormat.fileName(number), .reading) } catch {
                throw .disk(error)
            }
            let footer = try TableReader.readFooter(file, number: number)
            if summary == nil { summary = footer.summary }
            let map = try TableReader.openMap(file, expecting: expected ?? footer.summary)
            storedBytes =
                footer.indexOffset - TableFormat.headerBytes
                - footer.summary.blockCount * TableFormat.sectionHeaderBytes
            filterBytes = footer.filterLength
            memoryBytes = map.memoryBytes
        } catch {
            problem = StorageDamage(TableFormat.fileName(number), error)
        }
    }
}

/// Where a rank lies, for people.
public struct RankPlace: Hashable, Comparable, Sendable {
    /// The number of the space: 0 state, 1 objects, 2 hints, 3 trees.
    public var space: UInt8
    /// The partition.
    public var partition: UInt16
    /// The first 40 bits of the key's hash.
    public var hash: UInt64

    /// The parts of `rank`.
    public init(_ rank: Rank) {
        space = UInt8(truncatingIfNeeded: rank.rawValue >> 56)
        partition = UInt16(truncatingIfNeeded: rank.rawValue >> 40)
        hash = rank.rawValue & 0xFF_FFFF_FFFF
    }

    /// The name of the space; its number where there is none such.
    public var spaceName: String {
        StorageKey.Space(rawValue: space).map { "\($0)" } ?? "space \(space)"
    }

    /// In the order of ranks.
    public static func < (left: RankPlace, right: RankPlace) -> Bool {
        (left.space, left.partition, left.hash) < (right.space, right.partition, right.hash)
    }
}
