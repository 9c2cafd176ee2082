// One framed part of a table's file: how it is sealed into a buffer and how it is opened again.
internal import MartletBase

/// The fixed front of a section, read and checked for sense; its checksum is checked by `open`.
struct TableSection {
    enum Kind: UInt8 {
        case records = 1
        case index = 2
        case filter = 3
    }

    var kind: Kind
    var isCompressed: Bool
    /// The payload's bytes in the file.
    var stored: Int
    /// The payload's bytes once decompressed.
    var raw: Int

    /// The section's bytes in the file.
    var length: Int { TableFormat.sectionHeaderBytes + stored }

    /// Reads the front at `start`; `bytes` may end behind it.
    init(decoding bytes: Bytes, at start: Int) throws(FormatError) {
        guard start + TableFormat.sectionHeaderBytes <= bytes.count else {
            throw FormatError(.truncated, at: start)
        }
        let span = bytes.raw
        stored = Int(span.quarter(start + 4))
        raw = Int(span.quarter(start + 8))
        guard Self.isPlausible(span, at: start), let kind = Kind(rawValue: span.byte(start + 13))
        else { throw FormatError(.invalid("section header"), at: start) }
        self.kind = kind
        isCompressed = span.byte(start + 12) == 1
        guard stored <= TableFormat.sectionLimitBytes, raw <= TableFormat.sectionLimitBytes else {
            throw FormatError(.tooLarge("section"), at: start)
        }
        guard isCompressed ? raw / TableFormat.compressionLimit <= stored : raw == stored else {
            throw FormatError(.invalid("section header"), at: start)
        }
    }

    /// Whether the bytes at `place` could begin a section, at a glance.
    @inline(__always)
    static func isPlausible(_ span: RawSpan, at place: Int) -> Bool {
        span.half(place + 14) == 0 && span.byte(place + 12) <= 1
            && Kind(rawValue: span.byte(place + 13)) != nil
    }

    /// The payload of the section in `bytes[range]`, which table `number` has at `offset` of its
    /// file; fails unless all is as it was sealed.
    static func open(
        _ bytes: Bytes, _ range: Range<Int>, _ kind: Kind, number: UInt64, offset: Int
    ) throws(FormatError) -> Bytes {
        let section = try TableSection(decoding: bytes, at: range.lowerBound)
        guard section.length == range.count, range.upperBound <= bytes.count else {
            throw FormatError(.invalid("section length"), at: offset)
        }
        guard section.kind == kind else { throw FormatError(.invalid("section kind"), at: offset) }
        return try section.payload(bytes, at: range.lowerBound, number: number, offset: offset)
    }

    /// Checks the checksum of the section at `start`, all of which `bytes` has, and takes its
    /// payload out.
    func payload(
        _ bytes: Bytes, at start: Int, number: UInt64, offset: Int
    ) throws(FormatError) -> Bytes {
        let range = start..<start + length
        guard Self.isIntact(bytes, range, number: number, offset: offset) else {
            throw FormatError(.checksumMismatch, at: offset)
        }
        let payload = range.dropFirst(TableFormat.sectionHeaderBytes)
        return isCompressed
            ? try Compression.decompress(bytes, payload, rawCount: raw) : Bytes(bytes[payload])
    }

    /// Whether the checksum of the section in `bytes[range]` holds.
    static func isIntact(_ bytes: Bytes, _ range: Range<Int>, number: UInt64, offset: Int) -> Bool {
        bytes.raw.quarter(range.lowerBound)
            == TableFormat.checksum(bytes, range.dropFirst(4), number: number, offset: offset)
    }

    /// Appends the section of `payload` to `buffer`, whose first byte lies at `base` of the file
    /// of table `number`. Returns the section's length.
    static func seal(
        _ payload: RawSpan, _ kind: Kind, compress: Bool, number: UInt64, base: Int,
        onto buffer: inout Bytes
    ) -> Int {
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: TableFormat.sectionHeaderBytes))
        let isCompressed = compress && Compression.compress(payload, onto: &buffer)
        if !isCompressed {
            unsafe payload.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
        }
        let stored = buffer.count - start - TableFormat.sectionHeaderBytes
        invariant(
            max(stored, payload.byteCount) <= TableFormat.sectionLimitBytes,
            "a section of \(stored) bytes, \(payload.byteCount) raw")
        patch(&buffer, UInt32(stored), at: start + 4)
        patch(&buffer, UInt32(payload.byteCount), at: start + 8)
        buffer[start + 12] = isCompressed ? 1 : 0
        buffer[start + 13] = kind.rawValue
        let crc = TableFormat.checksum(
            buffer, start + 4..<buffer.count, number: number, offset: base + start)
        patch(&buffer, crc, at: start)
        return buffer.count - start
    }

    private static func patch(_ buffer: inout Bytes, _ value: UInt32, at offset: Int) {
        for index in 0..<4 {
            buffer[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
        }
    }
}
