// The bytes of a table, `table-0000000001.mtab`: the grammar, the limits and the names.
// All integers little-endian. Sections lie end to end: the index needs their lengths alone.

//   table   = header, records section+, index section, [filter section], footer
//   header  = "MARTLETT", u8 version, 3 × 0, u32 0, u64 number, u32 0, u32 crc
//   section = u32 crc, u32 stored, u32 raw, u8 codec (0 raw, 1 LZ4),
//             u8 kind (1 records, 2 index, 3 filter), u16 0, payload of `stored` bytes
//   records = block                                         see `Block`; `raw` bytes before LZ4
//   index   = (varint rank of the block's last record, less that of the block before,
//             varint length of its section)*
//   filter  = u32 probes, u32 lines, line*                  see `TableFilter`; a line is 64 bytes
//   footer  = "MARTLETF", u8 version, 3 × 0, u32 blocks, u64 number, u64 offset of the index,
//             u32 length of the index section, u32 length of the filter section (0: none),
//             u64 puts, u64 deletes, u64 record bytes, u64 lowest rank, u64 highest rank,
//             u64 newest position, u32 crc
//
// A crc is the CRC32C of the table's number and the part's offset in the file (u64 each, not
// stored), then of what precedes it in a header or footer, of what follows it in a section. So
// a block that belongs to another place or another table is found out: misdirected writes and
// reads are no worse than flipped bits. Equal ranks may continue from one block into the next.
public import MartletBase

enum TableFormat {
    static let version: UInt8 = 1
    static let headerMagic = Bytes(text: "MARTLETT")
    static let footerMagic = Bytes(text: "MARTLETF")
    static let headerBytes = 32
    static let footerBytes = 92
    static let sectionHeaderBytes = 16
    /// The longest payload of a section, stored or raw: one record of the largest batch is far
    /// shorter.
    static let sectionLimitBytes = 2 * LogFormat.rawLimitBytes
    /// LZ4 cannot do better; a header that promises more is made up.
    static let compressionLimit = 256

    private static let files = NumberedFiles(prefix: "table-", suffix: ".mtab")

    /// The file of table `number`.
    static func fileName(_ number: UInt64) -> String { files.name(number) }

    /// The number in a table's name; nil for the names of other files.
    static func number(_ name: String) -> UInt64? { files.number(name) }

    /// The checksum of `bytes[range]` as part of table `number` at `offset` of its file.
    static func checksum(
        _ bytes: Bytes, _ range: Range<Int>, number: UInt64, offset: Int
    ) -> UInt32 {
        Checksum.crc32c(bytes, range, extending: Checksum.place(number, offset))
    }
}

/// Why a table could not be read.
public enum TableError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused.
    case disk(DiskError)
    /// The bytes of `file` at `offset`, or those of the section that begins there, are not what
    /// was written.
    case damaged(file: String, offset: Int, reason: FormatError.Reason)

    /// One line for a log or a terminal.
    public var description: String {
        switch self {
        case .disk(let error): error.description
        case .damaged(let file, let offset, let reason):
            "\(file): \(FormatError(reason, at: offset))"
        }
    }
}
