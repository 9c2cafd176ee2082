// A record as a batch holds it: behind what it replaces, where its writer has said that. It is all
// that replay needs to keep the trees, since what comes new is in the record itself.

//   change   = [replaced] record
//   replaced = u8 4 (nothing) | u8 5, u64 digest of the value
internal import MartletBase

/// What the object was that a put or delete is about.
enum Replaced: Hashable {
    /// There was none.
    case nothing
    /// It had a value of this digest.
    case digest(UInt64)

    private static let nothingMark: UInt8 = 4
    private static let digestMark: UInt8 = 5

    /// The most that it takes in bytes.
    static let limitBytes = 9

    /// Appends the bytes.
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .nothing: writer.write(Self.nothingMark)
        case .digest(let digest):
            writer.write(Self.digestMark)
            writer.write(digest)
        }
    }

    /// Reads what may stand at `offset`, which it moves behind it; nil where nothing does.
    fileprivate init?(in bytes: RawSpan, at offset: inout Int) throws(FormatError) {
        guard offset < bytes.byteCount else { return nil }
        switch bytes.byte(offset) {
        case Self.nothingMark:
            offset += 1
            self = .nothing
        case Self.digestMark:
            guard offset + Self.limitBytes <= bytes.byteCount else {
                throw FormatError(.truncated, at: offset)
            }
            self = .digest(bytes.word(offset + 1))
            offset += Self.limitBytes
        default: return nil
        }
    }
}

/// A change laid over the bytes of a batch.
struct LoggedChange {
    /// What it replaces: of objects alone, and nil where nobody said.
    var replaced: Replaced?
    /// The change itself.
    var record: Record

    /// Reads the change at `offset`; every byte is checked, none is believed. O(1).
    init(in bytes: RawSpan, at offset: Int) throws(FormatError) {
        var at = offset
        replaced = try Replaced(in: bytes, at: &at)
        record = try Record(in: bytes, at: at)
        if replaced != nil, record.space != .objects || !record.kind.isOfEntry {
            throw FormatError(.invalid("change of a tree"), at: offset)
        }
    }
}

extension ByteReader {
    /// Reads one change and moves behind it.
    mutating func readChange() throws(FormatError) -> LoggedChange {
        let change = try LoggedChange(in: bytes.raw.extracting(0..<end), at: offset)
        skip(to: change.record.end)
        return change
    }
}
