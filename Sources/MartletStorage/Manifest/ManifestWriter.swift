// The manifest's blocking half: makes a manifest file, appends edits, and finds the right file
// again at the next start.

// A manifest is made whole and synced, its directory too, before the one before it is removed: a
// crash leaves the old one, both, or the new one, and the newest that holds a whole first record is
// right. An edit counts once it is synced, and nothing is appended after a failure, but for one
// that may pass, such as that of a full disk.
internal import MartletBase

/// The open manifest of a node; confined to one thread at a time.
final class ManifestWriter {
    private let disk: any Disk
    private var number: UInt64
    private var file: any DiskFile
    private var end: Int
    private var firstEnd: Int
    /// Why nothing more is appended: whether the last edit holds is not known.
    private(set) var failure: DiskError?
    /// What the file says.
    private(set) var manifest: Manifest

    /// How much longer than its first record the file may grow before it is made anew.
    private let growthBytes: Int

    private init(
        disk: any Disk, growthBytes: Int, number: UInt64, file: any DiskFile, end: Int,
        manifest: Manifest
    ) {
        self.disk = disk
        self.growthBytes = growthBytes
        self.number = number
        self.file = file
        self.end = end
        firstEnd = end
        self.manifest = manifest
    }

    /// Makes the manifest file that says `manifest`, and removes the `older` ones. What the file
    /// says counts from the moment this returns.
    static func create(
        _ manifest: Manifest, on disk: any Disk, growthBytes: Int, replacing older: [UInt64]
    ) throws(DiskError) -> ManifestWriter {
        var manifest = manifest
        let number = max(manifest.nextNumber, (older.max() ?? 0) + 1)
        manifest.nextNumber = number + 1
        let header = ManifestFormat.header(number)
        let record = ManifestFormat.record(
            ManifestEdit(whole: manifest), number: number, at: header.count)
        let file = try write(header + record, number, disk)
        try file.sync()
        try disk.syncDirectory()
        for old in older { try disk.remove(ManifestFormat.fileName(old)) }
        if !older.isEmpty { try disk.syncDirectory() }
        return ManifestWriter(
            disk: disk, growthBytes: growthBytes, number: number, file: file,
            end: header.count + record.count, manifest: manifest)
    }

    /// Goes on with the manifest that was found, where there is no room for another. What may not
    /// have been synced is written once more in its place, and a torn end cut.
    static func goOn(
        with found: Found, on disk: any Disk, growthBytes: Int
    ) throws(DiskError) -> ManifestWriter {
        let number = found.number ?? 0
        let file = try disk.open(ManifestFormat.fileName(number), .existing)
        let bytes = try file.read(at: 0, count: found.end)
        try file.truncate(to: found.end)
        try file.write(bytes, at: 0)
        try file.sync()
        try disk.syncDirectory()
        return ManifestWriter(
            disk: disk, growthBytes: growthBytes, number: number, file: file, end: found.end,
            manifest: found.manifest)
    }

    /// Makes the file of manifest `number`, or none.
    private static func write(
        _ bytes: Bytes, _ number: UInt64, _ disk: any Disk
    ) throws(DiskError) -> any DiskFile {
        let name = ManifestFormat.fileName(number)
        do {
            let file = try disk.open(name, .empty)
            try file.write(bytes, at: 0)
            return file
        } catch {
            try? disk.remove(name)
            throw error
        }
    }

    /// The next number for a table.
    func takeNumber() -> UInt64 {
        defer { manifest.nextNumber += 1 }
        return manifest.nextNumber
    }

    /// Makes `edit` durable. A failure that may pass, such as that of a full disk, leaves the
    /// manifest as it was, and other edits may follow; any other is final: whether the edit holds
    /// is not known until the next start reads the file.
    func append(_ edit: ManifestEdit) throws(DiskError) {
        if let failure { throw failure }
        var edit = edit
        edit.nextNumber = manifest.nextNumber
        do {
            if end > firstEnd + growthBytes { try replace() }
            let record = ManifestFormat.record(edit, number: number, at: end)
            try write(record)
            try file.sync()
            end += record.count
        } catch {
            if !error.mayPass { failure = error }
            throw error
        }
        do { try manifest.apply(edit) } catch { invariant(false, "\(edit) does not fit: \(error)") }
    }

    /// Writes at the end, and cuts what a full disk took of it off again.
    private func write(_ record: Bytes) throws(DiskError) {
        do { try file.write(record, at: end) } catch {
            if error.mayPass { try file.truncate(to: end) }
            throw error
        }
    }

    private func replace() throws(DiskError) {
        let next = try Self.create(
            manifest, on: disk, growthBytes: growthBytes, replacing: [number])
        (number, file, end, firstEnd) = (next.number, next.file, next.end, next.end)
        manifest = next.manifest
    }

    // MARK: Finding it again

    /// What the newest whole manifest among the files `names` says.
    struct Found {
        /// The state; an empty one where nothing was ever stored.
        var manifest = Manifest()
        /// The numbers of all manifests, ascending.
        var numbers: [UInt64] = []
        /// The number of the one that says so; nil where there is none.
        var number: UInt64?
        /// How many edits it holds, the first record included.
        var edits = 0
        /// Where the last of them ends.
        var end = 0

        /// The file that says so.
        var fileName: String? { number.map(ManifestFormat.fileName) }
    }

    /// Finds the newest whole manifest among the files `names`, and changes nothing.
    static func recover(_ names: [String], on disk: any Disk) throws(StorageError) -> Found {
        let numbers = names.compactMap { ManifestFormat.number($0) }.sorted()
        for number in numbers.reversed() {
            let name = ManifestFormat.fileName(number)
            let bytes = try load(name, from: disk)
            do throws(FormatError) {
                // One whose making was cut short: then the one before it still stands.
                if let (manifest, edits, end) = try read(bytes, number: number) {
                    return Found(
                        manifest: manifest, numbers: numbers, number: number, edits: edits,
                        end: end)
                }
            } catch {
                if case .unsupportedVersion(let version) = error.reason {
                    throw .unsupportedVersion(file: name, version: version)
                }
                throw .corruptManifest(file: name, offset: error.offset, reason: error.reason)
            }
        }
        let data = names.first {
            LogFormat.segmentNumber($0) != nil || TableFormat.number($0) != nil
        }
        if let data { throw .missingManifest(beside: data) }
        return Found(numbers: numbers)
    }

    private static func load(_ name: String, from disk: any Disk) throws(StorageError) -> Bytes {
        do {
            let file = try disk.open(name, .reading)
            return try file.read(at: 0, count: try file.size())
        } catch {
            throw .disk(error)
        }
    }

    /// What a manifest's bytes say, in how many edits, and where these end; nil when its first
    /// record is not whole. A torn record at the end is not part of it; one with a whole record
    /// behind it is damage.
    static func read(
        _ bytes: Bytes, number: UInt64
    ) throws(FormatError) -> (manifest: Manifest, edits: Int, end: Int)? {
        guard bytes.count >= ManifestFormat.headerBytes else { return nil }
        var offset = ManifestFormat.headerBytes
        do throws(FormatError) {
            try ManifestFormat.checkHeader(bytes, number: number)
        } catch {
            if case .unsupportedVersion = error.reason { throw error }
            // Nothing behind it reads back either when its making was cut short.
            if bytes[offset...].allSatisfy({ $0 == 0 }) { return nil }
            if wholeRecord(behind: offset - 1, in: bytes, number: number) { throw error }
            return nil
        }
        var manifest = Manifest()
        var edits = 0
        while offset < bytes.count {
            let (edit, end): (ManifestEdit, Int)
            do throws(FormatError) {
                (edit, end) = try ManifestFormat.readRecord(bytes, number: number, at: offset)
            } catch {
                if wholeRecord(behind: offset, in: bytes, number: number) { throw error }
                break
            }
            // A whole record was not torn: where it does not fit, nothing may be made of the rest.
            do throws(FormatError) { try manifest.apply(edit) } catch {
                throw FormatError(error.reason, at: offset)
            }
            edits += 1
            offset = end
        }
        return edits == 0 ? nil : (manifest, edits, offset)
    }

    /// Whether a whole record begins somewhere behind `offset`. A record's checksum covers its own
    /// offset, so that chance and clients cannot make one.
    private static func wholeRecord(behind offset: Int, in bytes: Bytes, number: UInt64) -> Bool {
        // What is checked is bounded, however many lengths lie: past the bound damage is assumed.
        var budget = 64 * bytes.count
        var candidate = offset + 1
        while candidate + ManifestFormat.recordHeaderBytes < bytes.count {
            let length = Int(bytes.raw.quarter(candidate + 4))
            if length <= bytes.count - candidate { budget -= length }
            if budget < 0 { return true }
            if (try? ManifestFormat.readRecord(bytes, number: number, at: candidate)) != nil {
                return true
            }
            candidate += 1
        }
        return false
    }
}
