// What is in a data directory, and what of it is the data: manifest, levels, log, and the rest.
public import MartletBase

/// A data directory at a glance. Log segments are read whole, tables at their ends.
public struct StorageSurvey: Sendable {
    /// The manifest in force.
    public struct ManifestFacts: Hashable, Sendable {
        /// Its file.
        public var fileName: String
        /// Everything in the log up to here is in the tables.
        public var flushed: LogPosition
        /// The next number for a table or manifest.
        public var nextNumber: UInt64
        /// How many edits it holds, the one that it began with included.
        public var edits: Int
    }

    /// What the log's mark demands.
    public struct MarkFacts: Hashable, Sendable {
        /// The segment that must be there, or a later one.
        public var segment: UInt64
        /// The position that the log must reach.
        public var synced: LogPosition
        /// Whose data this is, as the node has written it; empty where it has not.
        public var owner: Bytes
    }

    /// A partition that was dropped and that some table still holds records of.
    public struct DropMark: Hashable, Sendable {
        /// What was dropped of it.
        public var space: StorageKey.Space
        /// The partition.
        public var partition: UInt16
        /// The position of the batch that dropped it: tables that are no newer are hidden there.
        public var position: LogPosition
    }

    /// Every file but the lock, by name.
    public internal(set) var files: [InspectedFile] = []
    /// The manifest in force; nil where there is none or none reads back.
    public internal(set) var manifest: ManifestFacts?
    /// What the log's mark demands; nil where there is none or none reads back.
    public internal(set) var mark: MarkFacts?
    /// Tables by level, as the engine searches them, then those that are not data, by number.
    public internal(set) var tables: [InspectedTable] = []
    /// The segments of the log by number.
    public internal(set) var segments: [InspectedSegment] = []
    /// Drops that some table still needs.
    public internal(set) var drops: [DropMark] = []
    /// What was lost and not yet repaired, oldest first.
    public internal(set) var damagedRanges: [DamagedRange] = []
    /// The position of the last batch that an engine would find; nil where it would not open.
    public internal(set) var position: LogPosition?
    /// Why an engine would not open the directory; nil where it would.
    public internal(set) var refusal: StorageError?

    init() {}

    /// The tables that are the data.
    public var liveTables: [InspectedTable] { tables.filter { $0.level != nil } }

    /// Bytes of the files that are `use`.
    public func bytes(_ use: InspectedFile.Use) -> Int {
        files.reduce(0) { $0 + ($1.use == use ? $1.bytes ?? 0 : 0) }
    }

    /// How many times smaller the blocks of all tables are than the records in them; nil where
    /// there are no tables.
    public var compressionRatio: Double? {
        let known = liveTables.filter { $0.storedBytes > 0 }
        let stored = known.reduce(0) { $0 + $1.storedBytes }
        guard stored > 0 else { return nil }
        return Double(known.reduce(0) { $0 + ($1.summary?.recordBytes ?? 0) }) / Double(stored)
    }
}

extension StorageInspection {
    /// Looks at every file. O(log + tables), and holds one segment in memory at a time.
    public func survey() -> StorageSurvey {
        var survey = StorageSurvey()
        survey.files = names.map { InspectedFile($0, on: disk) }
        var found = ManifestWriter.Found()
        do throws(StorageError) {
            found = try manifest()
            let (problem, report) = verdict(found)
            survey.refusal = problem
            survey.position = report?.recovered
        } catch {
            survey.refusal = error
        }
        note(found, in: &survey)
        survey.tables = tables(found.manifest).map { number, level, expected in
            InspectedTable(number, level: level, expected: expected, on: disk)
        }
        let numbers = names.compactMap { LogFormat.segmentNumber($0) }.sorted()
        survey.segments = numbers.map {
            InspectedSegment($0, isLast: $0 == numbers.last, deep: false, on: disk)
        }
        mark(&survey, found)
        return survey
    }

    private func note(_ found: ManifestWriter.Found, in survey: inout StorageSurvey) {
        if let mark = try? mark(found) {
            survey.mark = StorageSurvey.MarkFacts(
                segment: mark.segment, synced: mark.synced, owner: mark.owner)
        }
        guard let number = found.number else { return }
        survey.manifest = StorageSurvey.ManifestFacts(
            fileName: ManifestFormat.fileName(number), flushed: found.manifest.flushed,
            nextNumber: found.manifest.nextNumber, edits: found.edits)
        survey.drops = found.manifest.drops.map {
            StorageSurvey.DropMark(
                space: $0.space, partition: $0.partition, position: $0.position)
        }
        survey.damagedRanges = found.manifest.damage
    }

    /// Says of each file what it is to the data. Without a manifest nobody knows: then each file of
    /// the engine's counts as data.
    private func mark(_ survey: inout StorageSurvey, _ found: ManifestWriter.Found) {
        let live = Set(survey.liveTables.map(\.fileName))
        let needed = neededSegment(survey.segments, found.manifest.flushed)
        for index in survey.files.indices {
            let file = survey.files[index]
            let isData: Bool
            switch file.kind {
            case .aside, .foreign: continue
            case .mark: isData = true
            case .manifest: isData = file.name == survey.manifest?.fileName
            case .table: isData = live.contains(file.name)
            case .log: isData = (LogFormat.segmentNumber(file.name) ?? 0) >= needed
            }
            survey.files[index].use = isData || survey.manifest == nil ? .data : .leftover
        }
    }

    /// The number of the first segment that holds what the tables do not.
    private func neededSegment(_ segments: [InspectedSegment], _ flushed: LogPosition) -> UInt64 {
        segments.last { segment in
            segment.first.map { $0 <= flushed.advanced(by: 1) } ?? false
        }?.number ?? 0
    }
}
