// The two fixed ends of a table's file: the header that names it and the footer that sums it up.
internal import MartletBase

enum TableHeader {
    static func encoded(_ number: UInt64) -> Bytes {
        var writer = ByteWriter(capacity: TableFormat.headerBytes)
        writer.writeRaw(TableFormat.headerMagic)
        writer.write(UInt32(TableFormat.version))
        writer.write(UInt32(0))
        writer.write(number)
        writer.write(UInt32(0))
        let covered = writer.count
        writer.write(
            TableFormat.checksum(writer.bytes, 0..<covered, number: number, offset: 0))
        return writer.bytes
    }

    /// The table's number.
    static func decode(_ bytes: Bytes) throws(FormatError) -> UInt64 {
        var reader = ByteReader(bytes)
        try reader.readOpening(TableFormat.headerMagic, "table header")
        let padding = try reader.readUInt32()
        let number = try reader.readUInt64()
        let rest = try reader.readUInt32()
        let covered = reader.offset
        let crc = try reader.readUInt32()
        guard crc == TableFormat.checksum(bytes, 0..<covered, number: number, offset: 0) else {
            throw FormatError(.checksumMismatch, at: covered)
        }
        guard padding == 0, rest == 0, (1...NumberedFiles.numberLimit).contains(number) else {
            throw FormatError(.invalid("table header"), at: 0)
        }
        return number
    }
}

/// What the end of a table's file says: the summary, and where index and filter lie.
struct TableFooter: Hashable {
    var summary: TableSummary
    /// Where the index section begins: behind the last block.
    var indexOffset: Int
    var indexLength: Int
    /// 0 where the table has no filter.
    var filterLength: Int

    var filterOffset: Int { indexOffset + indexLength }
    /// Where the footer itself lies.
    var offset: Int { filterOffset + filterLength }

    func encoded() -> Bytes {
        var writer = ByteWriter(capacity: TableFormat.footerBytes)
        writer.writeRaw(TableFormat.footerMagic)
        writer.write(UInt32(TableFormat.version))
        writer.write(UInt32(summary.blockCount))
        writer.write(summary.number)
        writer.write(UInt64(indexOffset))
        writer.write(UInt32(indexLength))
        writer.write(UInt32(filterLength))
        writer.write(UInt64(summary.putCount))
        writer.write(UInt64(summary.deleteCount))
        writer.write(UInt64(summary.recordBytes))
        writer.write(summary.lowest.rawValue)
        writer.write(summary.highest.rawValue)
        writer.write(summary.newest.rawValue)
        let crc = TableFormat.checksum(
            writer.bytes, 0..<writer.count, number: summary.number, offset: offset)
        writer.write(crc)
        return writer.bytes
    }
}

extension TableFooter {
    /// Reads the footer that lies at `offset` of the file of table `number`.
    init(decoding bytes: Bytes, number: UInt64, at offset: Int) throws(FormatError) {
        var reader = ByteReader(bytes)
        try reader.readOpening(TableFormat.footerMagic, "table footer")
        let blocks = Int(try reader.readUInt32())
        let named = try reader.readUInt64()
        let index = try reader.readUInt64()
        indexLength = Int(try reader.readUInt32())
        filterLength = Int(try reader.readUInt32())
        let puts = try reader.readUInt64()
        let deletes = try reader.readUInt64()
        let recordBytes = try reader.readUInt64()
        let lowest = Rank(rawValue: try reader.readUInt64())
        let highest = Rank(rawValue: try reader.readUInt64())
        let newest = LogPosition(rawValue: try reader.readUInt64())
        let covered = reader.offset
        let crc = try reader.readUInt32()
        try reader.expectEnd()
        guard crc == TableFormat.checksum(bytes, 0..<covered, number: number, offset: offset) else {
            throw FormatError(.checksumMismatch, at: covered)
        }
        let (limit, overflow) = UInt64(offset).multipliedReportingOverflow(
            by: UInt64(TableFormat.compressionLimit))
        guard !overflow, named == number, index <= UInt64(offset), puts <= limit, deletes <= limit,
            recordBytes <= limit, puts + deletes > 0, blocks > 0, lowest <= highest,
            UInt64(blocks) <= puts + deletes
        else { throw FormatError(.invalid("table footer"), at: 0) }
        indexOffset = Int(index)
        summary = TableSummary(
            number: number, fileBytes: offset + TableFormat.footerBytes, blockCount: blocks,
            putCount: Int(puts), deleteCount: Int(deletes), recordBytes: Int(recordBytes),
            lowest: lowest, highest: highest, newest: newest)
        guard indexOffset > TableFormat.headerBytes, filterOffset + filterLength == offset else {
            throw FormatError(.invalid("table footer"), at: 0)
        }
    }
}

extension ByteReader {
    /// Reads a magic and a version with three zeros, as both ends of a table begin.
    fileprivate mutating func readOpening(_ magic: Bytes, _ what: String) throws(FormatError) {
        let start = offset
        guard try readRaw(magic.count) == magic else {
            throw FormatError(.invalid(what), at: start)
        }
        let version = try readUInt8()
        guard version == TableFormat.version else {
            throw version == 0
                ? FormatError(.invalid(what), at: start)
                : FormatError(.unsupportedVersion(version), at: start + magic.count)
        }
        guard try readRaw(3) == [0, 0, 0] else { throw FormatError(.invalid(what), at: start) }
    }
}
