// The bytes of a manifest, `manifest-0000000001.mman`. Integers without a width are varints.

//   manifest = header, record*
//   header   = "MARTLETM", u8 version, 3 × 0, u64 number, u32 crc
//   record   = u32 crc, u32 length, edit of `length` bytes
//   edit     = flushed, nextNumber, count, count × number removed,
//              count, count × (level, table), count, count × drop, count, count × damage
//   table    = number, fileBytes, blockCount, putCount, deleteCount, recordBytes,
//              u64 lowest, u64 highest, newest
//   drop     = u8 space, u16 partition, position
//   damage   = text file, u64 lowest, u64 highest, text reason
//
// A header's crc is the CRC32C of what precedes it, a record's of the manifest's number and the
// record's offset (as u64 each), then of what follows the crc. The first record holds the whole
// state as it was when the file was made, the others one change each.
internal import MartletBase

enum ManifestFormat {
    static let version: UInt8 = 1
    static let magic = Bytes(text: "MARTLETM")
    static let headerBytes = 24
    static let recordHeaderBytes = 8
    /// The longest edit: more tables than any node holds.
    static let editLimitBytes = 64 << 20

    private static let files = NumberedFiles(prefix: "manifest-", suffix: ".mman")

    static func fileName(_ number: UInt64) -> String { files.name(number) }

    /// The number in a manifest's name; nil for the names of other files.
    static func number(_ name: String) -> UInt64? { files.number(name) }

    static func header(_ number: UInt64) -> Bytes {
        var writer = ByteWriter(capacity: headerBytes)
        writer.writeRaw(magic)
        writer.write(version)
        writer.writeRaw([0, 0, 0])
        writer.write(number)
        writer.write(Checksum.crc32c(writer.bytes))
        return writer.take()
    }

    static func checkHeader(_ bytes: Bytes, number: UInt64) throws(FormatError) {
        var reader = ByteReader(bytes)
        guard try reader.readRaw(magic.count) == magic else {
            throw FormatError(.invalid("manifest header"), at: 0)
        }
        let found = try reader.readUInt8()
        _ = try reader.readRaw(3)
        let stated = try reader.readUInt64()
        let covered = reader.offset
        guard try reader.readUInt32() == Checksum.crc32c(bytes, 0..<covered) else {
            throw FormatError(.checksumMismatch, at: covered)
        }
        guard found == version else {
            throw FormatError(.unsupportedVersion(found), at: magic.count)
        }
        guard stated == number else { throw FormatError(.invalid("manifest number"), at: 0) }
    }

    /// The record of `edit` at `offset` of manifest `number`.
    static func record(_ edit: ManifestEdit, number: UInt64, at offset: Int) -> Bytes {
        var writer = ByteWriter()
        writer.write(UInt32(0))
        writer.write(UInt32(0))
        edit.encode(into: &writer)
        writer.patch(UInt32(writer.count - recordHeaderBytes), at: 4)
        let crc = Checksum.crc32c(
            writer.bytes, 4..<writer.count, extending: Checksum.place(number, offset))
        writer.patch(crc, at: 0)
        return writer.take()
    }

    /// The edit at `offset` of manifest `number`, and where the next begins.
    static func readRecord(
        _ bytes: Bytes, number: UInt64, at offset: Int
    ) throws(FormatError) -> (edit: ManifestEdit, end: Int) {
        var reader = ByteReader(bytes, offset..<bytes.count)
        let stated = try reader.readUInt32()
        let length = Int(try reader.readUInt32())
        guard length <= editLimitBytes, length <= reader.remaining else {
            throw FormatError(.truncated, at: offset)
        }
        let end = reader.offset + length
        let place = Checksum.place(number, offset)
        guard Checksum.crc32c(bytes, offset + 4..<end, extending: place) == stated else {
            throw FormatError(.checksumMismatch, at: offset)
        }
        var payload = ByteReader(bytes, reader.offset..<end)
        let edit = try ManifestEdit(from: &payload)
        try payload.expectEnd()
        return (edit, end)
    }
}

extension ManifestEdit {
    func encode(into writer: inout ByteWriter) {
        writer.writeVarint(flushed.rawValue)
        writer.writeVarint(nextNumber)
        writer.writeCount(removed.count)
        for number in removed { writer.writeVarint(number) }
        writer.writeCount(added.count)
        for placed in added {
            writer.writeCount(placed.level)
            placed.table.encode(into: &writer)
        }
        writer.writeCount(drops.count)
        for drop in drops {
            writer.write(drop.space.rawValue)
            writer.write(drop.partition)
            writer.writeVarint(drop.position.rawValue)
        }
        writer.writeCount(damage.count)
        for range in damage {
            writer.writePrefixed(range.file)
            writer.write(range.ranks.lowerBound.rawValue)
            writer.write(range.ranks.upperBound.rawValue)
            writer.writePrefixed(range.reason)
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        flushed = LogPosition(rawValue: try reader.readVarint())
        nextNumber = try reader.readVarint()
        guard nextNumber <= NumberedFiles.numberLimit else {
            throw reader.error(.invalid("next number"))
        }
        for _ in 0..<(try reader.readCount()) { removed.append(try reader.readVarint()) }
        for _ in 0..<(try reader.readCount(minimumSize: 24)) {
            let level = Int(truncatingIfNeeded: try reader.readVarint())
            added.append(
                Manifest.Placed(level: level, table: try TableSummary(from: &reader)))
        }
        for _ in 0..<(try reader.readCount(minimumSize: 4)) {
            guard let space = StorageKey.Space(rawValue: try reader.readUInt8()) else {
                throw reader.error(.invalid("space"))
            }
            let partition = try reader.readUInt16()
            let position = LogPosition(rawValue: try reader.readVarint())
            drops.append(
                Manifest.DropMark(space: space, partition: partition, position: position))
        }
        for _ in 0..<(try reader.readCount(minimumSize: 18)) {
            let file = try reader.readPrefixedText()
            let ranks = try Self.readRanks(from: &reader)
            damage.append(
                DamagedRange(file: file, ranks: ranks, reason: try reader.readPrefixedText()))
        }
    }

    fileprivate static func readRanks(
        from reader: inout ByteReader
    ) throws(FormatError) -> ClosedRange<Rank> {
        let lowest = Rank(rawValue: try reader.readUInt64())
        let highest = Rank(rawValue: try reader.readUInt64())
        guard lowest <= highest else { throw reader.error(.invalid("ranks")) }
        return lowest...highest
    }
}

extension TableSummary {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.writeVarint(number)
        for count in [fileBytes, blockCount, putCount, deleteCount, recordBytes] {
            writer.writeCount(count)
        }
        writer.write(lowest.rawValue)
        writer.write(highest.rawValue)
        writer.writeVarint(newest.rawValue)
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        number = try reader.readVarint()
        guard (1...NumberedFiles.numberLimit).contains(number) else {
            throw reader.error(.invalid("table number"))
        }
        fileBytes = try Self.readSize(from: &reader)
        blockCount = try Self.readSize(from: &reader)
        putCount = try Self.readSize(from: &reader)
        deleteCount = try Self.readSize(from: &reader)
        recordBytes = try Self.readSize(from: &reader)
        let ranks = try ManifestEdit.readRanks(from: &reader)
        lowest = ranks.lowerBound
        highest = ranks.upperBound
        newest = LogPosition(rawValue: try reader.readVarint())
    }

    /// A size below 2^48, so that sums of them stay far from any overflow.
    private static func readSize(from reader: inout ByteReader) throws(FormatError) -> Int {
        let size = try reader.readVarint()
        guard size < 1 << 48 else { throw reader.error(.tooLarge("size of a table")) }
        return Int(size)
    }
}
