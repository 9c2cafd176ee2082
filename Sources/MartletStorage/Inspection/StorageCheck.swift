// Reading every byte of a data directory that is data, and telling each thing that is wrong.
internal import MartletBase

/// What was read of a data directory, and what of it does not read back.
public struct StorageCheck: Sendable {
    /// How far a check has come.
    public struct Progress: Hashable, Sendable {
        /// The file that is read now.
        public var file: String
        /// Files read so far.
        public var filesRead: Int
        /// Files to be read.
        public var fileCount: Int
        /// Bytes of files read so far.
        public var bytesRead: Int
        /// Bytes of files to be read.
        public var byteCount: Int
    }

    /// Tables read.
    public private(set) var tables = 0
    /// Their intact blocks.
    public private(set) var blocks = 0
    /// The records in these.
    public private(set) var records = 0
    /// What the blocks take in the files, in bytes.
    public private(set) var storedBytes = 0
    /// The same before compression.
    public private(set) var rawBytes = 0
    /// Segments of the log read.
    public private(set) var segments = 0
    /// Their whole chunks.
    public private(set) var chunks = 0
    /// The batches in these.
    public private(set) var batches = 0
    /// Bytes at the log's end that a crash tore before they were synced; not damage.
    public private(set) var tornBytes = 0
    /// Edits of the manifest in force.
    public internal(set) var edits = 0
    /// Files that are no data: not read.
    public internal(set) var filesPassed = 0
    /// Bytes of the files read.
    public internal(set) var bytesRead = 0
    /// Everything that is wrong, by file; of one table the first thousand things.
    public private(set) var damage: [StorageDamage] = []
    /// How many things are wrong.
    public private(set) var damageCount = 0
    /// Why an engine would not open the directory; nil where it would.
    public internal(set) var refusal: StorageError?

    init() {}

    /// Whether nothing is wrong and an engine would open the directory.
    public var isIntact: Bool { damageCount == 0 && refusal == nil }

    mutating func note(_ found: StorageDamage) {
        damageCount += 1
        damage.append(found)
    }

    mutating func count(_ segment: InspectedSegment) {
        segments += 1
        chunks += segment.chunks
        batches += segment.batches
        tornBytes += segment.tornBytes
        for damage in segment.damage { note(damage) }
    }

    mutating func count(_ check: TableCheck, _ name: String) {
        tables += 1
        blocks += check.blockCount
        records += check.putCount + check.deleteCount
        storedBytes += check.storedBytes
        rawBytes += check.rawBytes
        damage += check.damage.map { StorageDamage(name, at: $0.offset, $0.reason.text) }
        damageCount += check.damageCount
    }
}

extension StorageInspection {
    /// Reads the manifest, every block of every table that it names and every chunk of the log,
    /// and tells `progress` before each file and behind the last. O(bytes), and holds one segment
    /// or a few blocks in memory at a time.
    public func verify(progress: (StorageCheck.Progress) -> Void) -> StorageCheck {
        var check = StorageCheck()
        var found = ManifestWriter.Found()
        do throws(StorageError) { found = try manifest() } catch {
            check.refusal = error
            if case .corruptManifest(let file, let offset, let reason) = error {
                check.note(StorageDamage(file, at: offset, reason.text))
            }
        }
        check.edits = found.edits
        let numbers = names.compactMap { LogFormat.segmentNumber($0) }.sorted()
        // Without a manifest every table is read for itself.
        let tables = tables(found.manifest).filter { $0.level != nil || check.refusal != nil }
        let files =
            tables.map { TableFormat.fileName($0.number) } + numbers.map(LogFormat.segmentName)
        check.filesPassed = names.count - Set(files).intersection(names).count
        let small = [found.fileName, LogMark.fileName].compactMap { $0 }.filter(names.contains)
        check.filesPassed -= small.count
        var course = Course(files: files, sizes: files.map(size))
        for table in tables {
            progress(course.begin())
            read(table.number, table.expected, into: &check)
        }
        for number in numbers {
            progress(course.begin())
            check.count(
                InspectedSegment(number, isLast: number == numbers.last, deep: true, on: disk))
        }
        progress(course.begin())
        check.bytesRead = small.reduce(course.bytesRead) { $0 + size($1) }
        if check.refusal == nil { check.refusal = verdict(found).problem }
        if case .corruptMark(let offset, let reason) = check.refusal {
            check.note(StorageDamage(LogMark.fileName, at: offset, reason.text))
        }
        return check
    }

    private func size(_ name: String) -> Int {
        (try? disk.open(name, .reading).size()) ?? 0
    }

    private func read(
        _ number: UInt64, _ expected: TableSummary?, into check: inout StorageCheck
    ) {
        let name = TableFormat.fileName(number)
        do throws(TableError) {
            let file: any DiskFile
            do { file = try disk.open(name, .reading) } catch { throw .disk(error) }
            let found = try TableCheck(file, number: number)
            check.count(found, name)
            if let expected, let summary = found.summary, summary != expected {
                let offset = summary.fileBytes - TableFormat.footerBytes
                check.note(
                    StorageDamage(name, at: offset, "not the table that the manifest names"))
            }
        } catch {
            check.note(StorageDamage(name, error))
        }
    }
}

/// Counts how far a check has come.
private struct Course {
    let files: [String]
    let sizes: [Int]
    private var begun = 0
    private(set) var bytesRead = 0

    init(files: [String], sizes: [Int]) {
        self.files = files
        self.sizes = sizes
    }

    /// The file behind those begun so far is begun, or all are done.
    mutating func begin() -> StorageCheck.Progress {
        if begun > 0 { bytesRead += sizes[begun - 1] }
        defer { begun += 1 }
        return StorageCheck.Progress(
            file: begun < files.count ? files[begun] : "", filesRead: begun,
            fileCount: files.count, bytesRead: bytesRead, byteCount: sizes.reduce(0, +))
    }
}
