// The bytes of an object, on disk and on the wire.
//
//     object   = version:u8 (2)  entries  count:varint  sibling*  beyond:varint     sorted by dot
//     context  = entries  horizon:u64
//     entries  = count:varint  (node:u64  incarnation:varint  counter:varint)*   sorted by actor
//     sibling  = actor:varint (index in context)  counter:varint  timestamp:u64  flags:u8
//                [expiry:u64 (ms)]  [value: length-prefixed bytes]
//     flags    = 1: value (else tombstone) | 2: expiry follows
//     beyond   = the horizon of the object's context less the latest timestamp of its siblings
public import MartletBase

extension Context {
    fileprivate static let minimumEntrySize = 10
    static let entrySizeLimit = 8 + 5 + 10

    /// Appends the context's bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.write(atMost: 10 + entries.count * Self.entrySizeLimit + 8) { cursor in
            encodeEntries(into: &cursor)
            cursor.write(horizon.bits)
        }
    }

    func encodeEntries(into cursor: inout WriteCursor) {
        cursor.writeCount(entries.count)
        for entry in entries {
            cursor.write(entry.actor.node.rawValue)
            cursor.writeVarint(UInt64(entry.actor.incarnation))
            cursor.writeVarint(entry.counter)
        }
    }

    /// Reads what `encode` wrote; fails on anything unsorted, zero or out of range.
    public init(from reader: inout ByteReader) throws(FormatError) {
        self = try reader.read { cursor throws(FormatError) in
            var context = try Context(entriesFrom: &cursor)
            context.reach(HybridTimestamp(bits: try cursor.readUInt64()))
            return context
        }
    }

    fileprivate init(entriesFrom cursor: inout ReadCursor) throws(FormatError) {
        let count = try cursor.readCount(minimumSize: Self.minimumEntrySize)
        var entries: [Entry] = []
        try entries.append(addingCapacity: count) { span throws(FormatError) in
            var last: Actor?
            for _ in 0..<count {
                let entry = try Entry(from: &cursor, after: last)
                last = entry.actor
                span.append(entry)
            }
        }
        self.init(sorted: entries)
    }
}

extension Context.Entry {
    /// Reads one actor with what is covered of it; it comes after `last`.
    @inline(__always)
    init(from cursor: inout ReadCursor, after last: Actor? = nil) throws(FormatError) {
        let node = NodeID(rawValue: try cursor.readUInt64())
        guard let incarnation = UInt32(exactly: try cursor.readVarint()) else {
            throw cursor.invalid("incarnation")
        }
        let counter = try cursor.readVarint()
        guard counter > 0, counter <= Dot.counterLimit else { throw cursor.invalid("counter") }
        self.init(actor: Actor(node: node, incarnation: incarnation), counter: counter)
        if let last, last >= actor { throw cursor.invalid("actor order") }
    }
}

extension Dot {
    /// The highest counter that is accepted from outside: beyond any node's lifetime of writes,
    /// and far enough from overflow that a hostile context cannot exhaust an actor.
    public static let counterLimit: UInt64 = 1 << 56
}

extension Object {
    static let formatVersion: UInt8 = 2
    private static let minimumSiblingSize = 11

    /// Appends the object's bytes.
    public func encode(into writer: inout ByteWriter) { writer.writeRaw(encoding) }

    /// The object's bytes. O(1).
    public func encoded() -> Bytes { encoding }

    /// The object that `encoding` is, and nothing else; every rule of the format is checked. O(n),
    /// and nothing is copied.
    public init(encoding: Bytes) throws(FormatError) {
        let (outline, end) = try Self.outline(of: encoding.raw, in: 0..<encoding.count)
        guard end == encoding.count else { throw FormatError(.invalid("trailing bytes"), at: end) }
        self.init(encoding: encoding, outline: outline)
    }

    /// Reads an object that others may follow; every rule of the format is checked.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let start = reader.offset
        let (outline, end) = try Self.outline(of: reader.bytes.raw, in: start..<reader.end)
        self.init(encoding: reader.bytes.raw.copy(start..<end), outline: outline)
        reader.skip(to: end)
    }

    /// Checks the object at the front of `range`, and says where it ends.
    private static func outline(
        of bytes: RawSpan, in range: Range<Int>
    ) throws(FormatError) -> (outline: Outline, end: Int) {
        var cursor = ReadCursor(bytes, range)
        let version = try cursor.readUInt8()
        guard version == formatVersion else {
            throw cursor.error(.unsupportedVersion(version))
        }
        var outline = Outline()
        let actorsAt = cursor.offset
        outline.actorCount = try cursor.readCount(minimumSize: Context.minimumEntrySize)
        var last: Actor?
        for _ in 0..<outline.actorCount {
            last = try Context.Entry(from: &cursor, after: last).actor
        }
        let count = try cursor.readCount(minimumSize: minimumSiblingSize)
        outline.siblingsAt = cursor.offset - range.lowerBound
        var siblings = SiblingWalk(cursor, count: count, under: ActorWalk(bytes, from: actorsAt))
        var latest: UInt64 = 0
        for _ in 0..<count {
            let place = try siblings.read()
            latest = max(latest, place.timestamp.bits)
            outline.add(place)
        }
        _ = try cursor.skip(siblings.offset - cursor.offset)
        let (horizon, overflow) = latest.addingReportingOverflow(try cursor.readVarint())
        if overflow { throw cursor.invalid("horizon") }
        outline.horizon = HybridTimestamp(bits: horizon)
        return (outline, cursor.offset)
    }
}
