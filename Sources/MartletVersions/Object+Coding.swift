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

    /// Appends the context's bytes.
    public func encode(into writer: inout ByteWriter) {
        encodeEntries(into: &writer)
        writer.write(horizon.bits)
    }

    fileprivate func encodeEntries(into writer: inout ByteWriter) {
        writer.writeCount(entries.count)
        for entry in entries {
            writer.write(entry.actor.node.rawValue)
            writer.writeVarint(UInt64(entry.actor.incarnation))
            writer.writeVarint(entry.counter)
        }
    }

    /// Reads what `encode` wrote; fails on anything unsorted, zero or out of range.
    public init(from reader: inout ByteReader) throws(FormatError) {
        try self.init(entriesFrom: &reader)
        reach(HybridTimestamp(bits: try reader.readUInt64()))
    }

    fileprivate init(entriesFrom reader: inout ByteReader) throws(FormatError) {
        let count = try reader.readCount(minimumSize: Self.minimumEntrySize)
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for _ in 0..<count {
            let node = NodeID(rawValue: try reader.readUInt64())
            guard let incarnation = UInt32(exactly: try reader.readVarint()) else {
                throw reader.error(.invalid("incarnation"))
            }
            let actor = Actor(node: node, incarnation: incarnation)
            let counter = try reader.readVarint()
            guard counter > 0, counter <= Dot.counterLimit else {
                throw reader.error(.invalid("counter"))
            }
            if let last = entries.last, last.actor >= actor {
                throw reader.error(.invalid("actor order"))
            }
            entries.append(Entry(actor: actor, counter: counter))
        }
        self.init(sorted: entries)
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

    /// An upper estimate of the encoded size, for reserving once.
    public var encodedSizeEstimate: Int {
        8 + context.entries.count * 24 + siblings.count * 40 + valueByteCount
    }

    /// Appends the object's bytes.
    public func encode(into writer: inout ByteWriter) {
        writer.write(Self.formatVersion)
        context.encodeEntries(into: &writer)
        writer.writeCount(siblings.count)
        var actorIndex = 0
        var latest: UInt64 = 0
        for sibling in siblings {
            while context.entries[actorIndex].actor != sibling.dot.actor { actorIndex += 1 }
            writer.writeCount(actorIndex)
            writer.writeVarint(sibling.dot.counter)
            writer.write(sibling.timestamp.bits)
            latest = max(latest, sibling.timestamp.bits)
            let expiryFlag = sibling.expiry == nil ? 0 : Self.expiryFlag
            switch sibling.content {
            case .value(let value):
                writer.write(Self.valueFlag | expiryFlag)
                if let expiry = sibling.expiry { writer.write(expiry.milliseconds) }
                writer.writePrefixed(value)
            case .tombstone:
                writer.write(expiryFlag)
                if let expiry = sibling.expiry { writer.write(expiry.milliseconds) }
            }
        }
        writer.writeVarint(context.horizon.bits - latest)
    }

    /// The object's bytes.
    public func encoded() -> Bytes {
        var writer = ByteWriter(capacity: encodedSizeEstimate)
        encode(into: &writer)
        return writer.take()
    }

    /// Reads what `encode` wrote; every rule of the format is checked.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let version = try reader.readUInt8()
        guard version == Self.formatVersion else {
            throw reader.error(.unsupportedVersion(version))
        }
        var context = try Context(entriesFrom: &reader)
        let count = try reader.readCount(minimumSize: Self.minimumSiblingSize)
        var siblings: [Sibling] = []
        siblings.reserveCapacity(count)
        for _ in 0..<count {
            siblings.append(try Self.readSibling(under: context, from: &reader))
        }
        let latest = siblings.map(\.timestamp.bits).max() ?? 0
        let (horizon, overflow) = latest.addingReportingOverflow(try reader.readVarint())
        if overflow { throw reader.error(.invalid("horizon")) }
        context.reach(HybridTimestamp(bits: horizon))
        guard let object = Object(context: context, siblings: siblings) else {
            throw reader.error(.invalid("sibling dots"))
        }
        self = object
    }

    private static func readSibling(
        under context: Context, from reader: inout ByteReader
    ) throws(FormatError) -> Sibling {
        let index = try reader.readVarint()
        guard index < UInt64(context.entries.count) else {
            throw reader.error(.invalid("actor index"))
        }
        let counter = try reader.readVarint()
        guard counter > 0 else { throw reader.error(.invalid("dot counter")) }
        let timestamp = HybridTimestamp(bits: try reader.readUInt64())
        let flags = try reader.readUInt8()
        guard flags & ~(valueFlag | expiryFlag) == 0 else { throw reader.error(.invalid("flags")) }
        let expiry =
            flags & expiryFlag != 0 ? WallTime(milliseconds: try reader.readUInt64()) : nil
        let content =
            flags & valueFlag != 0
            ? Sibling.Content.value(try reader.readPrefixed()) : Sibling.Content.tombstone
        let actor = context.entries[Int(index)].actor
        return Sibling(
            dot: Dot(actor: actor, counter: counter), timestamp: timestamp, content: content,
            expiry: expiry)
    }
}
