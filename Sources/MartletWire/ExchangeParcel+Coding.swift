// The bytes of a parcel. Objects that were written by few nodes at about one time have much in
// common: actors are told once, times as how long before the latest.
//
//     parcel   = operation:varint  patience  latest:u64  actors  count:varint  entry*
//     actors   = count:varint  (node:u64  incarnation:varint)*                    sorted by actor
//     entry    = head:u8  [count:varint]  key: length-prefixed bytes  dot*  body
//     head     = shape (bits 0-2)  |  the number of dots in the context << 3, or 31 << 3: behind it
//     dot      = actor:varint (index in actors)  counter:varint
//     shape    = 1: plain | 2: its sibling has a value (else tombstone) | 4: it expires
//     body     = plain:  time  [expiry:u64 (ms)]  [value: length-prefixed bytes]
//                else:   horizon: time  count:varint  (flags:u8 as in shape  actor:varint (index in
//                        the context)  counter:varint  time  [expiry]  [value])*   sorted by dot
//     time     = (milliseconds before latest << 1 | has a count):varint  [count:u16]
//
// A plain object has one sibling, whose dot is the last of its actor and whose time is the horizon.
// Its dots begin with that one, then come the others by actor; else all come by actor.
public import MartletBase
internal import MartletVersions

extension Parcel {
    /// Appends the parcel's bytes.
    public func encode(into writer: inout ByteWriter) {
        let coding = ParcelCoding(of: entries)
        writer.writeVarint(operation.rawValue)
        writer.write(patience)
        writer.write(coding.latest)
        writer.writeCount(coding.actors.count)
        for actor in coding.actors {
            writer.write(actor.node.rawValue)
            writer.writeVarint(UInt64(actor.incarnation))
        }
        writer.writeCount(entries.count)
        for entry in entries { coding.write(entry, into: &writer) }
    }

    /// Reads one parcel, which more may follow.
    public init(from reader: inout ByteReader) throws(FormatError) {
        let operation = OperationID(rawValue: try reader.readVarint())
        let patience = try reader.readDuration()
        let coding = try ParcelCoding(from: &reader)
        self.init(operation: operation, patience: patience, entries: [])
        let count = try reader.readCount(minimumSize: ParcelCoding.minimumEntrySize)
        guard count <= Self.entryLimit else { throw reader.error(.tooLarge("parcel")) }
        for _ in 0..<count {
            entries.append(try coding.readEntry(from: &reader))
        }
    }
}

/// What the entries of a parcel have in common.
private struct ParcelCoding {
    /// No timestamp is later in milliseconds: its bits, those of the count zero.
    var latest: UInt64 = 0
    /// Everyone who is named, sorted.
    var actors: [Actor] = []

    static let minimumEntrySize = 3
    private static let plainFlag: UInt8 = 1
    private static let valueFlag: UInt8 = 2
    private static let expiryFlag: UInt8 = 4
    /// So many dots and more are told behind the head.
    private static let dotCountLimit = 31

    init(of entries: [Parcel.Entry]) {
        var named: Set<Actor> = []
        for entry in entries {
            // The horizon is never before any of the siblings.
            latest = max(latest, entry.object.horizon.bits)
            for entry in entry.object.context.entries { named.insert(entry.actor) }
        }
        latest &= ~0xFFFF
        actors = named.sorted()
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        latest = try reader.readUInt64()
        guard latest & 0xFFFF == 0 else { throw reader.error(.invalid("latest time")) }
        for _ in 0..<(try reader.readCount(minimumSize: 9)) {
            let node = NodeID(rawValue: try reader.readUInt64())
            guard let incarnation = UInt32(exactly: try reader.readVarint()) else {
                throw reader.error(.invalid("incarnation"))
            }
            let actor = Actor(node: node, incarnation: incarnation)
            if let last = actors.last, last >= actor { throw reader.error(.invalid("actor order")) }
            actors.append(actor)
        }
    }

    // MARK: Writing

    func write(_ entry: Parcel.Entry, into writer: inout ByteWriter) {
        let object = entry.object
        let siblings = object.siblings
        let plain = Self.plainSibling(of: object, siblings)
        var dots = object.context.entries
        var shape: UInt8 = 0
        if let plain {
            shape = Self.plainFlag | Self.flags(of: plain)
            let place = dots.firstIndex { $0.actor == plain.dot.actor } ?? 0
            dots.insert(dots.remove(at: place), at: 0)
        }
        writer.write(shape | UInt8(min(dots.count, Self.dotCountLimit)) << 3)
        if dots.count >= Self.dotCountLimit { writer.writeCount(dots.count) }
        writer.writePrefixed(entry.key)
        for dot in dots {
            writer.writeCount(actors.partitionIndex { $0 < dot.actor })
            writer.writeVarint(dot.counter)
        }
        if let plain { return write(plain, into: &writer) }
        write(object.horizon, into: &writer)
        writer.writeCount(siblings.count)
        for sibling in siblings {
            writer.write(Self.flags(of: sibling))
            writer.writeCount(dots.partitionIndex { $0.actor < sibling.dot.actor })
            writer.writeVarint(sibling.dot.counter)
            write(sibling, into: &writer)
        }
    }

    private static func plainSibling(of object: Object, _ siblings: [Sibling]) -> Sibling? {
        guard siblings.count == 1, let only = siblings.first, only.timestamp == object.horizon,
            object.counter(of: only.dot.actor) == only.dot.counter
        else { return nil }
        return only
    }

    private static func flags(of sibling: Sibling) -> UInt8 {
        let expiry = sibling.expiry == nil ? 0 : expiryFlag
        if case .value = sibling.content { return valueFlag | expiry }
        return expiry
    }

    /// All of a sibling but its flags and its dot.
    private func write(_ sibling: Sibling, into writer: inout ByteWriter) {
        write(sibling.timestamp, into: &writer)
        if let expiry = sibling.expiry { writer.write(expiry.milliseconds) }
        if case .value(let value) = sibling.content { writer.writePrefixed(value) }
    }

    private func write(_ time: HybridTimestamp, into writer: inout ByteWriter) {
        let count = UInt16(truncatingIfNeeded: time.bits)
        let before = (latest >> 16) - (time.bits >> 16)
        writer.writeVarint(before << 1 | (count == 0 ? 0 : 1))
        if count != 0 { writer.write(count) }
    }

    // MARK: Reading

    func readEntry(from reader: inout ByteReader) throws(FormatError) -> Parcel.Entry {
        let head = try reader.readUInt8()
        let shape = head & 7
        let isPlain = shape & Self.plainFlag != 0
        guard isPlain || shape == 0 else { throw reader.error(.invalid("shape")) }
        var count = Int(head >> 3)
        if count == Self.dotCountLimit {
            count = try reader.readCount(minimumSize: 2)
            guard count >= Self.dotCountLimit else { throw reader.error(.invalid("dot count")) }
        }
        let key = try reader.readPrefixed()
        let dots = try readDots(count, isPlain: isPlain, from: &reader)
        let object: Object
        if isPlain {
            guard let first = dots.first else { throw reader.error(.invalid("dot count")) }
            let sibling = try readSibling(under: first, shape, from: &reader)
            object = try Self.object(dots, sibling.timestamp, [sibling], reader)
        } else {
            let horizon = try readTime(from: &reader)
            var siblings: [Sibling] = []
            let writers = dots.map(\.actor)
            for _ in 0..<(try reader.readCount(minimumSize: 4)) {
                siblings.append(try readSibling(of: writers, from: &reader))
            }
            object = try Self.object(dots, horizon, siblings, reader)
            guard object.horizon == horizon, Self.plainSibling(of: object, siblings) == nil else {
                throw reader.error(.invalid("shape"))
            }
        }
        return Parcel.Entry(key: key, object: object)
    }

    private func readDots(
        _ count: Int, isPlain: Bool, from reader: inout ByteReader
    ) throws(FormatError) -> [Dot] {
        var dots: [Dot] = []
        for place in 0..<count {
            let dot = try readDot(of: actors, from: &reader)
            // Behind the first of a plain object's the order begins anew.
            if place > (isPlain ? 1 : 0), let last = dots.last, last.actor >= dot.actor {
                throw reader.error(.invalid("actor order"))
            }
            if isPlain, place > 0, dots[0].actor == dot.actor {
                throw reader.error(.invalid("actor order"))
            }
            dots.append(dot)
        }
        return dots
    }

    private func readDot(
        of actors: [Actor], from reader: inout ByteReader
    ) throws(FormatError) -> Dot {
        let index = try reader.readVarint()
        guard index < UInt64(actors.count) else { throw reader.error(.invalid("actor index")) }
        let counter = try reader.readVarint()
        guard counter > 0, counter <= Dot.counterLimit else {
            throw reader.error(.invalid("counter"))
        }
        return Dot(actor: actors[Int(index)], counter: counter)
    }

    private func readSibling(
        of writers: [Actor], from reader: inout ByteReader
    ) throws(FormatError) -> Sibling {
        let flags = try reader.readUInt8()
        guard flags & ~(Self.valueFlag | Self.expiryFlag) == 0 else {
            throw reader.error(.invalid("flags"))
        }
        let dot = try readDot(of: writers, from: &reader)
        return try readSibling(under: dot, flags, from: &reader)
    }

    private func readSibling(
        under dot: Dot, _ flags: UInt8, from reader: inout ByteReader
    ) throws(FormatError) -> Sibling {
        let time = try readTime(from: &reader)
        let expiry =
            flags & Self.expiryFlag == 0 ? nil : WallTime(milliseconds: try reader.readUInt64())
        let content: Sibling.Content =
            flags & Self.valueFlag == 0 ? .tombstone : .value(try reader.readPrefixed())
        return Sibling(dot: dot, timestamp: time, content: content, expiry: expiry)
    }

    private func readTime(from reader: inout ByteReader) throws(FormatError) -> HybridTimestamp {
        let word = try reader.readVarint()
        let before = word >> 1
        guard before <= latest >> 16 else { throw reader.error(.invalid("time")) }
        let start = (latest >> 16 - before) << 16
        if word & 1 == 0 { return HybridTimestamp(bits: start) }
        let count = try reader.readUInt16()
        if count == 0 { throw reader.error(.invalid("time")) }
        return HybridTimestamp(bits: start | UInt64(count))
    }

    private static func object(
        _ dots: [Dot], _ horizon: HybridTimestamp, _ siblings: [Sibling], _ reader: ByteReader
    ) throws(FormatError) -> Object {
        var context = Context(covering: dots)
        context.reach(horizon)
        guard let object = Object(context: context, siblings: siblings) else {
            throw reader.error(.invalid("sibling dots"))
        }
        return object
    }
}
