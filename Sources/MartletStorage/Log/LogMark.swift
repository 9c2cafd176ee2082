// The bytes of `log.mark`: what a start must find. It names the newest segment of the log that was
// made, a position that the log was synced up to, and whose data this is. It is written when a
// segment is begun, when the log is opened and when it is closed, never for a batch; so it demands
// less than was synced, and never more. Integers are little-endian.

//   mark = slot at 0, slot at 1024
//   slot = "MARTLETE", u8 version, 3 × 0, u64 sequence, u64 segment, u64 synced, owner, u32 crc
//   owner = u16 length, `length` bytes that the node understands
//
// A slot's crc is the CRC32C of what precedes it. Slot n mod 2 takes mark number n: a crash tears
// one of the two at most, and the whole one with the higher sequence counts.
public import MartletBase

/// What the log is known to hold, and whose it is.
struct LogMark: Hashable, Sendable {
    /// The newest segment that was made; 0 before the first.
    var segment: UInt64 = 0
    /// The log was synced up to here; after a clean stop it ends here.
    var synced = LogPosition.start
    /// Whose data this is, as the node writes it; empty until it has said so.
    var owner = Bytes()

    static let fileName = "log.mark"
    static let magic = Bytes(text: "MARTLETE")
    static let version: UInt8 = 1
    /// Whole sectors, so that no write to one slot touches the other.
    static let slotBytes = 1_024
    /// The longest owner: what fits into a slot with room to spare.
    static let ownerLimitBytes = 900

    /// The slot that says this under `sequence`.
    func encoded(_ sequence: UInt64) -> Bytes {
        invariant(owner.count <= Self.ownerLimitBytes, "an owner of \(owner.count) bytes")
        var writer = ByteWriter(capacity: Self.slotBytes)
        writer.writeRaw(Self.magic)
        writer.write(Self.version)
        writer.writeRaw([0, 0, 0])
        writer.write(sequence)
        writer.write(segment)
        writer.write(synced.rawValue)
        writer.write(UInt16(owner.count))
        writer.writeRaw(owner)
        writer.write(Checksum.crc32c(writer.bytes))
        return writer.take()
    }

    /// What the slot that `bytes` begins with says.
    static func decode(_ bytes: Bytes) throws(FormatError) -> (mark: LogMark, sequence: UInt64) {
        var reader = ByteReader(bytes)
        guard try reader.readRaw(magic.count) == magic else {
            throw FormatError(.invalid("mark"), at: 0)
        }
        let version = try reader.readUInt8()
        _ = try reader.readRaw(3)
        let sequence = try reader.readUInt64()
        var mark = LogMark()
        mark.segment = try reader.readUInt64()
        mark.synced = LogPosition(rawValue: try reader.readUInt64())
        let length = Int(try reader.readUInt16())
        guard length <= ownerLimitBytes else { throw reader.error(.tooLarge("owner")) }
        mark.owner = try reader.readRaw(length)
        let covered = reader.offset
        guard try reader.readUInt32() == Checksum.crc32c(bytes, 0..<covered) else {
            throw FormatError(.checksumMismatch, at: covered)
        }
        guard version == Self.version else {
            throw FormatError(.unsupportedVersion(version), at: magic.count)
        }
        guard mark.segment <= NumberedFiles.numberLimit, sequence < .max else {
            throw FormatError(.invalid("mark"), at: magic.count)
        }
        return (mark, sequence)
    }
}

extension StorageEngine {
    /// Whose data `disk` holds, as the node wrote it for `LogWriter.note(owner:)`; nil where that
    /// does not read back. For whoever must tell why the rest does not open.
    public static func owner(on disk: any Disk) -> Bytes? {
        guard let file = try? disk.open(LogMark.fileName, .reading),
            let bytes = try? file.read(at: 0, count: 2 * LogMark.slotBytes)
        else { return nil }
        let slots = [0, LogMark.slotBytes].compactMap { start in
            try? LogMark.decode(Bytes(bytes.dropFirst(start)))
        }
        return slots.max { $0.sequence < $1.sequence }.map(\.mark.owner)
    }
}

/// The open file of the mark; confined to the log's thread once the log is open.
final class LogMarkFile {
    private let file: any DiskFile
    private var sequence: UInt64
    /// What it says.
    private(set) var mark: LogMark

    private init(_ file: any DiskFile, _ mark: LogMark, _ sequence: UInt64) {
        self.file = file
        self.mark = mark
        self.sequence = sequence
    }

    /// What the mark among the files `names` says; nil where none was ever made. `manifest` is the
    /// file of the manifest in force, if any: it is made behind the mark, and before any segment.
    static func read(
        _ names: [String], manifest: String?, on disk: any Disk
    ) throws(StorageError) -> (mark: LogMark, sequence: UInt64)? {
        guard names.contains(LogMark.fileName) else {
            if let manifest { throw .missingMark(beside: manifest) }
            return nil
        }
        let bytes: Bytes
        do {
            let file = try disk.open(LogMark.fileName, .reading)
            bytes = try file.read(at: 0, count: 2 * LogMark.slotBytes)
        } catch { throw .disk(error) }
        var best: (mark: LogMark, sequence: UInt64)?
        var problem = FormatError(.truncated, at: 0)
        for start in [0, LogMark.slotBytes] {
            do throws(FormatError) {
                let found = try LogMark.decode(Bytes(bytes.dropFirst(start)))
                if found.sequence >= best?.sequence ?? 0 { best = found }
            } catch {
                if case .unsupportedVersion(let version) = error.reason {
                    throw .unsupportedVersion(file: LogMark.fileName, version: version)
                }
                problem = FormatError(error.reason, at: start)
            }
        }
        if let best, best.mark.segment > 0, manifest == nil {
            throw .missingManifest(beside: LogMark.fileName)
        }
        if best == nil, manifest != nil {
            throw .corruptMark(offset: problem.offset, reason: problem.reason)
        }
        return best
    }

    /// Opens the file that says what `read` has found, or makes it.
    static func open(
        _ found: (mark: LogMark, sequence: UInt64)?, on disk: any Disk
    ) throws(DiskError) -> LogMarkFile {
        if let found {
            return LogMarkFile(
                try disk.open(LogMark.fileName, .existing), found.mark, found.sequence)
        }
        let file = try disk.open(LogMark.fileName, .empty)
        let slot = LogMark().encoded(0)
        try file.write(slot + Bytes(repeating: 0, count: 2 * LogMark.slotBytes - slot.count), at: 0)
        try file.sync()
        try disk.syncDirectory()
        return LogMarkFile(file, LogMark(), 0)
    }

    /// Makes the file say `mark`, durably. Where the disk is full the older mark stands, which
    /// demands less; any other failure must be the last thing that is asked of the file.
    func write(_ mark: LogMark) throws(DiskError) {
        if mark == self.mark { return }
        let next = sequence + 1
        do {
            try file.write(mark.encoded(next), at: Int(next % 2) * LogMark.slotBytes)
            try file.sync()
        } catch {
            if error.cause == .noSpace, error.operation != .sync { return }
            throw error
        }
        (sequence, self.mark) = (next, mark)
    }
}
