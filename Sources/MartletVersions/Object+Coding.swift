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
    private static let minimumEntrySize = 10
    fileprivate static let entrySizeLimit = 8 + 5 + 10

    /// Appends the context's bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.write(atMost: 10 + entries.count * Self.entrySizeLimit + 8) { cursor in
            encodeEntries(into: &cursor)
            cursor.write(horizon.bits)
        }
    }

    fileprivate func encodeEntries(into cursor: inout WriteCursor) {
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
                let entry = try Entry(from: &cursor)
                if let last, last >= entry.actor { throw cursor.invalid("actor order") }
                last = entry.actor
                span.append(entry)
            }
        }
        self.init(sorted: entries)
    }
}

extension Context.Entry {
    @inline(__always)
    fileprivate init(from cursor: inout ReadCursor) throws(FormatError) {
        let node = NodeID(rawValue: try cursor.readUInt64())
        guard let incarnation = UInt32(exactly: try cursor.readVarint()) else {
            throw cursor.invalid("incarnation")
        }
        let counter = try cursor.readVarint()
        guard counter > 0, counter <= Dot.counterLimit else { throw cursor.invalid("counter") }
        self.init(actor: Actor(node: node, incarnation: incarnation), counter: counter)
    }
}

extension Dot {
    /// The highest counter that is accepted from outside: beyond any node's lifetime of writes,
    /// and far enough from overflow that a hostile context cannot exhaust an actor.
    public static let counterLimit: UInt64 = 1 << 56
}

extension Object {
    private static let formatVersion: UInt8 = 2
    private static let valueFlag: UInt8 = 1
    private static let expiryFlag: UInt8 = 2
    private static let minimumSiblingSize = 11
    private static let siblingSizeLimit = 10 + 10 + 8 + 1 + 8 + 10

    /// How many bytes the object takes at most.
    private var encodedSizeLimit: Int {
        31 + context.entries.count * Context.entrySizeLimit
            + siblings.count * Self.siblingSizeLimit + valueByteCount
    }

    /// Appends the object's bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.write(atMost: encodedSizeLimit) { cursor in
            cursor.write(Self.formatVersion)
            context.encodeEntries(into: &cursor)
            let latest = encodeSiblings(into: &cursor)
            cursor.writeVarint(context.horizon.bits - latest)
        }
    }

    /// The latest timestamp of a sibling.
    private func encodeSiblings(into cursor: inout WriteCursor) -> UInt64 {
        cursor.writeCount(siblings.count)
        var actorIndex = 0
        var latest: UInt64 = 0
        for sibling in siblings {
            while context.entries[actorIndex].actor != sibling.dot.actor { actorIndex += 1 }
            cursor.writeCount(actorIndex)
            cursor.writeVarint(sibling.dot.counter)
            cursor.write(sibling.timestamp.bits)
            latest = max(latest, sibling.timestamp.bits)
            let expiryFlag = sibling.expiry == nil ? 0 : Self.expiryFlag
            switch sibling.content {
            case .value(let value):
                cursor.write(Self.valueFlag | expiryFlag)
                if let expiry = sibling.expiry { cursor.write(expiry.milliseconds) }
                cursor.writePrefixed(value)
            case .tombstone:
                cursor.write(expiryFlag)
                if let expiry = sibling.expiry { cursor.write(expiry.milliseconds) }
            }
        }
        return latest
    }

    /// The object's bytes.
    public func encoded() -> Bytes {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.take()
    }

    /// Reads what `encode` wrote; every rule of the format is checked.
    public init(from reader: inout ByteReader) throws(FormatError) {
        self = try reader.read { cursor throws(FormatError) in try Object(from: &cursor) }
    }

    private init(from cursor: inout ReadCursor) throws(FormatError) {
        let version = try cursor.readUInt8()
        guard version == Self.formatVersion else {
            throw cursor.error(.unsupportedVersion(version))
        }
        var context = try Context(entriesFrom: &cursor)
        let count = try cursor.readCount(minimumSize: Self.minimumSiblingSize)
        var latest: UInt64 = 0
        var siblings: [Sibling] = []
        try siblings.append(addingCapacity: count) { span throws(FormatError) in
            for _ in 0..<count {
                let sibling = try Self.readSibling(under: context, from: &cursor)
                latest = max(latest, sibling.timestamp.bits)
                span.append(sibling)
            }
        }
        let (horizon, overflow) = latest.addingReportingOverflow(try cursor.readVarint())
        if overflow { throw cursor.invalid("horizon") }
        context.reach(HybridTimestamp(bits: horizon))
        guard let object = Object(context: context, siblings: siblings) else {
            throw cursor.invalid("sibling dots")
        }
        self = object
    }

    private static func readSibling(
        under context: Context, from cursor: inout ReadCursor
    ) throws(FormatError) -> Sibling {
        let index = try cursor.readVarint()
        guard index < UInt64(context.entries.count) else {
            throw cursor.invalid("actor index")
        }
        let counter = try cursor.readVarint()
        guard counter > 0 else { throw cursor.invalid("dot counter") }
        let timestamp = HybridTimestamp(bits: try cursor.readUInt64())
        let flags = try cursor.readUInt8()
        guard flags & ~(valueFlag | expiryFlag) == 0 else { throw cursor.invalid("flags") }
        let expiry =
            flags & expiryFlag != 0 ? WallTime(milliseconds: try cursor.readUInt64()) : nil
        let content =
            flags & valueFlag != 0
            ? Sibling.Content.value(try cursor.readPrefixed()) : Sibling.Content.tombstone
        let actor = context.entries[Int(index)].actor
        return Sibling(
            dot: Dot(actor: actor, counter: counter), timestamp: timestamp, content: content,
            expiry: expiry)
    }
}
