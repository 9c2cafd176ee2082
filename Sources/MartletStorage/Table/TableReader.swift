// Reading a table: its summary, its map, one block. Every call blocks; nothing is kept.
internal import MartletBase

enum TableReader {
    /// The summary that the two ends of `file` give. Two reads and the file's length.
    static func readSummary(_ file: any DiskFile) throws(TableError) -> TableSummary {
        try readFooter(file).summary
    }

    /// The map of the table in `file`; fails unless its ends say exactly what `summary` does.
    static func openMap(
        _ file: any DiskFile, expecting summary: TableSummary
    ) throws(TableError) -> TableMap {
        let footer = try readFooter(file)
        guard footer.summary == summary else {
            throw .damaged(
                file: file.name, offset: footer.offset,
                reason: .invalid("table: not the one expected"))
        }
        return try readMap(file, footer)
    }

    /// The map of the table in `file`, whichever it is, that ends with `footer`.
    static func readMap(
        _ file: any DiskFile, _ footer: TableFooter
    ) throws(TableError) -> TableMap {
        let start = footer.indexOffset
        let number = footer.summary.number
        let bytes = try read(file, start..<footer.offset)
        var filter: TableFilter?
        if footer.filterLength > 0 {
            filter = try checked(file, at: footer.filterOffset) { () throws(FormatError) in
                try TableFilter(
                    decoding: TableSection.open(
                        bytes, footer.indexLength..<bytes.count, .filter, number: number,
                        offset: footer.filterOffset))
            }
        }
        return try checked(file, at: start) { () throws(FormatError) in
            let index = try TableSection.open(
                bytes, 0..<footer.indexLength, .index, number: number, offset: start)
            return try TableMap(decoding: index, footer: footer, filter: filter)
        }
    }

    /// The footer of the table in `file`, whose number the header gives.
    static func readFooter(_ file: any DiskFile) throws(TableError) -> TableFooter {
        try readFooter(file, number: try readHeader(file))
    }

    /// The number that the header gives.
    static func readHeader(_ file: any DiskFile) throws(TableError) -> UInt64 {
        let header = try read(file, 0..<TableFormat.headerBytes)
        return try checked(file, at: 0) { () throws(FormatError) in
            try TableHeader.decode(header)
        }
    }

    /// The footer of table `number` in `file`.
    static func readFooter(
        _ file: any DiskFile, number: UInt64
    ) throws(TableError) -> TableFooter {
        let size = try asking { () throws(DiskError) in try file.size() }
        let start = size - TableFormat.footerBytes
        guard start >= TableFormat.headerBytes else {
            throw .damaged(file: file.name, offset: size, reason: .truncated)
        }
        let bytes = try read(file, start..<size)
        return try checked(file, at: start) { () throws(FormatError) in
            try TableFooter(decoding: bytes, number: number, at: start)
        }
    }

    /// Block `index` of the table in `file`. One read, one checksum, one decompression.
    static func readBlock(
        _ file: any DiskFile, _ map: TableMap, _ index: Int
    ) throws(TableError) -> Block {
        let offset = map.offset(of: index)
        let bytes = try read(file, offset..<offset + map.length(of: index))
        return try block(bytes, 0..<bytes.count, file, map, index)
    }

    /// Block `index` out of the section in `bytes[range]`.
    static func block(
        _ bytes: Bytes, _ range: Range<Int>, _ file: any DiskFile, _ map: TableMap, _ index: Int
    ) throws(TableError) -> Block {
        let offset = map.offset(of: index)
        return try checked(file, at: offset) { () throws(FormatError) in
            try Block(
                TableSection.open(bytes, range, .records, number: map.number, offset: offset))
        }
    }

    /// All of `range`; a file that ends before is damaged.
    private static func read(
        _ file: any DiskFile, _ range: Range<Int>
    ) throws(TableError) -> Bytes {
        let bytes = try asking { () throws(DiskError) in
            try file.read(at: range.lowerBound, count: range.count)
        }
        guard bytes.count == range.count else {
            throw .damaged(
                file: file.name, offset: range.lowerBound + bytes.count, reason: .truncated)
        }
        return bytes
    }

    /// Puts a failure to decode what lies at `offset` into words of the file.
    private static func checked<Value>(
        _ file: any DiskFile, at offset: Int, _ decode: () throws(FormatError) -> Value
    ) throws(TableError) -> Value {
        do {
            return try decode()
        } catch {
            throw .damaged(file: file.name, offset: offset, reason: error.reason)
        }
    }

    /// What the disk answers, its failure as one of the table's.
    static func asking<Value>(
        _ call: () throws(DiskError) -> Value
    ) throws(TableError) -> Value {
        do {
            return try call()
        } catch {
            throw .disk(error)
        }
    }
}
