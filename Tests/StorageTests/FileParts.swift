// The parts of the engine's files that have a checksum each, for tests that change bytes and make
// the checksums right again.
import MartletBase

@testable import MartletStorage

/// A part of a file under one checksum.
struct FilePart {
    /// Where the whole part lies, its checksum included.
    var range: Range<Int>
    /// Where the checksum lies.
    var crc: Int
    /// What it covers.
    var covered: Range<Int>
    /// What it begins with: the checksum of the part's place, or 0.
    var seed: UInt32

    /// Makes the checksum that `bytes` hold match the rest.
    func seal(_ bytes: inout Bytes) {
        guard covered.upperBound <= bytes.count, crc + 4 <= bytes.count else { return }
        let sum = Checksum.crc32c(bytes, covered, extending: seed)
        for index in 0..<4 { bytes[crc + index] = UInt8(truncatingIfNeeded: sum >> (8 * index)) }
    }

    /// The parts of the whole file `name`; none where it is no file of the engine.
    static func all(of name: String, _ bytes: Bytes) -> [FilePart] {
        if let number = LogFormat.segmentNumber(name) { return segment(bytes, number) }
        if let number = ManifestFormat.number(name) { return manifest(bytes, number) }
        if let number = TableFormat.number(name) { return table(bytes, number) }
        if name == LogMark.fileName { return mark(bytes) }
        return []
    }

    private static func segment(_ bytes: Bytes, _ number: UInt64) -> [FilePart] {
        let front = LogFormat.segmentHeaderBytes
        var parts = [FilePart(range: 0..<front, crc: front - 4, covered: 0..<front - 4, seed: 0)]
        var start = front
        while start + LogFormat.chunkHeaderBytes <= bytes.count {
            let end = start + LogFormat.chunkHeaderBytes + Int(bytes.raw.quarter(start + 4))
            guard end <= bytes.count else { break }
            parts.append(framed(start..<end, number))
            start = end
        }
        return parts
    }

    private static func manifest(_ bytes: Bytes, _ number: UInt64) -> [FilePart] {
        let front = ManifestFormat.headerBytes
        var parts = [FilePart(range: 0..<front, crc: front - 4, covered: 0..<front - 4, seed: 0)]
        var start = front
        while start + ManifestFormat.recordHeaderBytes <= bytes.count {
            let end = start + ManifestFormat.recordHeaderBytes + Int(bytes.raw.quarter(start + 4))
            guard end <= bytes.count else { break }
            parts.append(framed(start..<end, number))
            start = end
        }
        return parts
    }

    private static func mark(_ bytes: Bytes) -> [FilePart] {
        stride(from: 0, to: bytes.count, by: LogMark.slotBytes).map { start in
            let crc = start + 38 + Int(bytes[start + 36]) + Int(bytes[start + 37]) << 8
            return FilePart(
                range: start..<start + LogMark.slotBytes, crc: crc, covered: start..<crc, seed: 0)
        }
    }

    private static func table(_ bytes: Bytes, _ number: UInt64) -> [FilePart] {
        let front = TableFormat.headerBytes
        let back = bytes.count - TableFormat.footerBytes
        var parts = [
            FilePart(
                range: 0..<front, crc: front - 4, covered: 0..<front - 4,
                seed: Checksum.place(number, 0))
        ]
        var start = front
        while start < back {
            let end = start + TableFormat.sectionHeaderBytes + Int(bytes.raw.quarter(start + 4))
            parts.append(framed(start..<end, number))
            start = end
        }
        parts.append(
            FilePart(
                range: back..<bytes.count, crc: bytes.count - 4, covered: back..<bytes.count - 4,
                seed: Checksum.place(number, back)))
        return parts
    }

    /// A part that begins with its checksum.
    private static func framed(_ range: Range<Int>, _ number: UInt64) -> FilePart {
        FilePart(
            range: range, crc: range.lowerBound, covered: range.dropFirst(4),
            seed: Checksum.place(number, range.lowerBound))
    }
}
