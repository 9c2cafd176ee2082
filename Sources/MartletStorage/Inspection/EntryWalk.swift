// Every entry of a data directory in key order, as an engine that opens it after a crash would
// answer: the log's memtables merged with the tables. Unlike an engine it goes on behind a block
// that does not read back, and says so, and it shows the trees as they were last flushed.
public import MartletBase

/// Which entries are wanted.
public struct EntryFilter: Hashable, Sendable {
    /// The spaces, ascending.
    public var spaces: [StorageKey.Space] = StorageKey.Space.allCases
    /// The partition; nil for all.
    public var partition: UInt16?
    /// The key, or the name of a state entry; nil for all. With a partition only the blocks are
    /// read that may hold it, without one all.
    public var key: Bytes?

    /// Everything.
    public init() {}

    /// The ranks that such keys of `space` can have.
    func ranks(in space: StorageKey.Space) -> ClosedRange<Rank> {
        guard let partition else {
            return Rank.all(of: space, 0).lowerBound...Rank.all(of: space, .max).upperBound
        }
        guard let key else { return Rank.all(of: space, partition) }
        let rank = StorageKey(space: space, partition: partition, key: key, owner: 0).rank
        return rank...rank
    }
}

/// A walk over the entries of a data directory. It holds the log's memtables and a stretch of each
/// level in memory.
public final class EntryWalk {
    private let disk: any Disk
    private let filter: EntryFilter
    private let manifest: Manifest
    private let layers: [Layer]
    private let tables: [UInt64: TableInput]
    private var spaces: ArraySlice<StorageKey.Space>
    private var current: SpaceWalk?
    /// What was passed over because it does not read back, as far as the walk has come.
    public private(set) var damage: [StorageDamage] = []

    /// Takes in the log behind the manifest, and opens the tables. Fails where the manifest does
    /// not say what the data is. O(log + tables).
    public init(_ inspection: StorageInspection, _ filter: EntryFilter) throws(StorageError) {
        disk = inspection.disk
        self.filter = filter
        let found = try inspection.manifest()
        manifest = found.manifest
        let replay = LayerReplay(after: manifest.flushed)
        var damage: [StorageDamage] = []
        do throws(StorageError) {
            _ = try inspection.readLog(found, apply: replay.apply)
        } catch {
            damage.append(StorageDamage("the log", at: 0, error.description))
        }
        layers = replay.layers
        var tables: [UInt64: TableInput] = [:]
        for placed in manifest.tables {
            do throws(TableError) {
                tables[placed.table.number] = try Self.open(placed.table, on: disk)
            } catch {
                damage.append(StorageDamage(placed.table.fileName, error))
            }
        }
        self.tables = tables
        self.damage = damage
        spaces = filter.spaces[...]
    }

    private static func open(
        _ summary: TableSummary, on disk: any Disk
    ) throws(TableError) -> TableInput {
        let file: any DiskFile
        do { file = try disk.open(summary.fileName, .reading) } catch { throw .disk(error) }
        return TableInput(
            summary: summary, map: try TableReader.openMap(file, expecting: summary))
    }

    /// The next entry; nil at the end.
    public func next() -> ScanPage.Entry? {
        while true {
            if let entry = current?.next(&damage) {
                if let key = filter.key, entry.key.key != key { continue }
                return entry
            }
            guard let space = spaces.popFirst() else { return nil }
            current = SpaceWalk(
                disk: disk, manifest: manifest, layers: layers,
                runs: runs(overlapping: filter.ranks(in: space)), space: space,
                ranks: filter.ranks(in: space))
        }
    }

    /// Tables that follow each other, newest run first.
    private func runs(overlapping ranks: ClosedRange<Rank>) -> [[TableInput]] {
        let levels = manifest.levels.map { level in
            level.filter { $0.ranks.overlaps(ranks) }.compactMap { tables[$0.number] }
        }
        return levels[0].map { [$0] } + levels.dropFirst().filter { !$0.isEmpty }
    }
}

/// Takes the log's batches into memtables that nobody writes out.
private final class LayerReplay {
    private(set) var layers: [Layer]

    init(after position: LogPosition) {
        layers = [Layer(after: position, options: StorageOptions())]
    }

    func apply(
        _ reader: inout ByteReader, _ position: LogPosition, _ isFlushed: Bool
    ) throws(LogRecovery.BatchFailure) {
        try LayerStack.replay(
            &reader, at: position, isFlushed: isFlushed, to: &layers, nil,
            options: StorageOptions())
    }
}
