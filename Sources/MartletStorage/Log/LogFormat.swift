// The bytes of a log segment, `log-0000000001.mlog`. All integers little-endian.
// It is grammar and checks alone; which bytes to write when is for `LogWriter`.

//   segment = header, chunk*, zeros*                  the zeros are written ahead of the end
//   header  = "MARTLETL", u8 version, 3 × 0, u64 number, u64 first, u32 crc
//   chunk   = u32 crc, u32 stored, u32 raw, u32 count, u64 first, u64 synced,
//             u8 codec (0 raw, 1 LZ4), 3 × 0, payload of `stored` bytes
//
// A header's crc is the CRC32C of what precedes it, a chunk's of the segment's number and the
// chunk's offset (as u64 each), then of what follows the crc: bytes that a client chose do not pass
// for a chunk, and a chunk that was written to the wrong place does not either. `first` is the
// position of the first batch that follows, `count` how many a chunk holds, `raw` their length once
// decompressed. `synced` is the position up to which the log was known to be synced when the chunk
// was written: it is what tells a chunk that
// was damaged later (an error) from one that a crash tore before its sync (a clean cut).
public import MartletBase

enum LogFormat {
    static let version: UInt8 = 2
    static let magic = Bytes(text: "MARTLETL")
    static let segmentHeaderBytes = 32
    static let chunkHeaderBytes = 36
    /// The longest payload once decompressed; the options keep every chunk well below it.
    static let rawLimitBytes = 64 << 20
    /// The longest segment that is read back: `segmentBytes` at most, and one chunk over it.
    static let segmentLimitBytes = (1 << 30) + 2 * rawLimitBytes

    private static let files = NumberedFiles(prefix: "log-", suffix: ".mlog")

    static func segmentName(_ number: UInt64) -> String { files.name(number) }

    /// The number in a segment's name; nil for the names of other files.
    static func segmentNumber(_ name: String) -> UInt64? { files.number(name) }
}

struct SegmentHeader: Hashable {
    var number: UInt64
    var first: LogPosition

    init(number: UInt64, first: LogPosition) {
        self.number = number
        self.first = first
    }

    func encoded() -> Bytes {
        var writer = ByteWriter(capacity: LogFormat.segmentHeaderBytes)
        writer.writeRaw(LogFormat.magic)
        writer.write(LogFormat.version)
        writer.writeRaw([0, 0, 0])
        writer.write(number)
        writer.write(first.rawValue)
        writer.write(Checksum.crc32c(writer.bytes))
        return writer.bytes
    }

    init(decoding bytes: Bytes) throws(FormatError) {
        var reader = ByteReader(bytes)
        guard try reader.readRaw(LogFormat.magic.count) == LogFormat.magic else {
            throw FormatError(.invalid("segment header"), at: 0)
        }
        let version = try reader.readUInt8()
        guard version > 0 else { throw FormatError(.invalid("segment header"), at: 0) }
        guard version == LogFormat.version else {
            throw FormatError(.unsupportedVersion(version), at: LogFormat.magic.count)
        }
        _ = try reader.readRaw(3)
        number = try reader.readUInt64()
        first = LogPosition(rawValue: try reader.readUInt64())
        let covered = reader.offset
        guard try reader.readUInt32() == Checksum.crc32c(bytes, 0..<covered) else {
            throw FormatError(.checksumMismatch, at: covered)
        }
        guard first > .start else { throw FormatError(.invalid("segment header"), at: 0) }
    }
}

struct ChunkHeader: Hashable {
    var stored: Int
    var raw: Int
    var count: Int
    var first: LogPosition
    var synced: LogPosition
    var isCompressed: Bool

    /// The position of the last batch.
    var last: LogPosition { first.advanced(by: count - 1) }

    /// Reads the header at `offset` and checks everything but the checksum, which `verify` does.
    init(decoding bytes: Bytes, at offset: Int) throws(FormatError) {
        var reader = ByteReader(bytes, offset..<bytes.count)
        _ = try reader.readUInt32()
        stored = Int(try reader.readUInt32())
        raw = Int(try reader.readUInt32())
        count = Int(try reader.readUInt32())
        first = LogPosition(rawValue: try reader.readUInt64())
        synced = LogPosition(rawValue: try reader.readUInt64())
        let codec = try reader.readUInt32()
        guard codec <= 1 else { throw FormatError(.invalid("chunk codec"), at: offset) }
        isCompressed = codec == 1
        guard raw <= LogFormat.rawLimitBytes, stored <= LogFormat.rawLimitBytes else {
            throw FormatError(.tooLarge("chunk"), at: offset)
        }
        guard stored > 0, count > 0, count <= raw, first > .start, synced < first,
            first.rawValue <= UInt64.max - UInt64(count),
            isCompressed ? raw / 256 <= stored : raw == stored
        else { throw FormatError(.invalid("chunk header"), at: offset) }
        if reader.remaining < stored { throw FormatError(.truncated, at: offset) }
    }

    /// Where the payload of the chunk at `offset` lies.
    func payload(at offset: Int) -> Range<Int> {
        let start = offset + LogFormat.chunkHeaderBytes
        return start..<start + stored
    }

    /// Fails unless the checksum of the chunk at `offset` of segment `number` matches its bytes.
    func verify(_ bytes: Bytes, at offset: Int, of number: UInt64) throws(FormatError) {
        var reader = ByteReader(bytes, offset..<bytes.count)
        let expected = try reader.readUInt32()
        let covered = offset + 4..<payload(at: offset).upperBound
        let place = Checksum.place(number, offset)
        guard Checksum.crc32c(bytes, covered, extending: place) == expected
        else { throw FormatError(.checksumMismatch, at: offset) }
    }
}

extension LogChunk {
    /// Appends the chunk as segment `number` holds it at `offset`.
    func encode(
        synced: LogPosition, compress: Bool, segment number: UInt64, at offset: Int,
        into writer: inout ByteWriter
    ) {
        let packed = compress ? Compression.compress(payload) : nil
        let stored = packed ?? payload
        let start = writer.count
        writer.write(UInt32(0))
        writer.write(UInt32(stored.count))
        writer.write(UInt32(payload.count))
        writer.write(UInt32(last.rawValue - first.rawValue + 1))
        writer.write(first.rawValue)
        writer.write(synced.rawValue)
        writer.write(UInt32(packed == nil ? 0 : 1))
        writer.writeRaw(stored)
        let crc = Checksum.crc32c(
            writer.bytes, start + 4..<writer.count, extending: Checksum.place(number, offset))
        writer.patch(crc, at: start)
    }

    /// The chunk whose verified header stands at `offset`; O(n).
    init(header: ChunkHeader, in bytes: Bytes, at offset: Int) throws(FormatError) {
        let range = header.payload(at: offset)
        first = header.first
        last = header.last
        payload =
            header.isCompressed
            ? try Compression.decompress(bytes, range, rawCount: header.raw) : Bytes(bytes[range])
    }

    /// What the batches change, in order, each with the position of its batch: what recovery
    /// applies, and what a checker may hold against the truth. O(bytes).
    public func changes() throws(FormatError) -> [(
        position: LogPosition, change: WriteBatch.Change
    )] {
        var reader = ByteReader(payload)
        var changes: [(position: LogPosition, change: WriteBatch.Change)] = []
        for number in first.rawValue..<last.rawValue + 1 {
            let position = LogPosition(rawValue: number)
            let count = try reader.readCount(minimumSize: Record.smallestBytes)
            for _ in 0..<count {
                changes.append((position, try WriteBatch.Change(from: &reader)))
            }
        }
        try reader.expectEnd()
        return changes
    }
}

extension Checksum {
    /// The checksum of where something lies, for what is bound to its place to begin with: the
    /// number of its file and its offset there, as u64 each.
    static func place(_ number: UInt64, _ offset: Int) -> UInt32 {
        var writer = ByteWriter(capacity: 16)
        writer.write(number)
        writer.write(UInt64(offset))
        return crc32c(writer.bytes)
    }
}
