// The bytes of the messages of hand-over, each behind a byte that says which it is.
//
//     pull      = number:varint  partition:u16  epoch:varint  depth:u8  first:u16
//                 count:u8 (1 to 64)  leaf:u64 *  cursor  held
//                 limit:varint (bytes, up to 2^32 - 1)
//     held      = 0:u8 | 1:u8  until:u64  count:varint (up to 4,096)  digest:u64 *
//     chunk     = number:varint  partition:u16  payload: length-prefixed bytes  cursor  wanted
//                 watermark:u64
//     wanted    = 0:u8 | 1:u8  hash:u64
//     refused   = number:varint  partition:u16  reason:u8
//     leftover  = epoch:varint  count:varint  (place  root:u64)*
//     taken     = epoch:varint  partition:u16  root:u64
//     cursor    = 0:u8 | 1:u8  hash:u64 | 2:u8  hash:u64  key: length-prefixed bytes
//     place     = gap:varint     which partition: they ascend, see `Ascending+Coding`
//
// The leaves of a pull lie within the 2^depth that there are. The payload of a chunk has a checksum
// of its own, and is read where it is used.
public import MartletBase
internal import MartletVersions

extension HandoverMessage {
    private enum Kind: UInt8 {
        case pull = 0
        case chunk, refused, leftover, taken
    }

    /// Appends the message's bytes.
    public func encode(into writer: inout ByteWriter) {
        switch self {
        case .pull(let pull):
            writer.write(Kind.pull.rawValue)
            pull.encode(into: &writer)
        case .chunk(let chunk):
            writer.write(Kind.chunk.rawValue)
            writer.writeVarint(chunk.number)
            writer.write(chunk.partition)
            writer.writePrefixed(chunk.payload)
            writer.write(chunk.next)
            writer.write(chunk.wanted != nil)
            if let wanted = chunk.wanted { writer.write(wanted) }
            writer.write(chunk.watermark.bits)
        case .refused(let refusal):
            writer.write(Kind.refused.rawValue)
            writer.writeVarint(refusal.number)
            writer.write(refusal.partition)
            writer.write(refusal.reason.rawValue)
        case .leftover(let leftover):
            writer.write(Kind.leftover.rawValue)
            writer.writeVarint(leftover.epoch)
            writer.writeAscending(leftover.entries, by: \.partition) { entry, writer in
                writer.write(entry.root)
            }
        case .taken(let taken):
            writer.write(Kind.taken.rawValue)
            writer.writeVarint(taken.epoch)
            writer.write(taken.partition)
            writer.write(taken.root)
        }
    }

    /// Reads one message, which others may follow.
    public init(from reader: inout ByteReader) throws(FormatError) {
        guard let kind = Kind(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("kind of hand-over message"))
        }
        switch kind {
        case .pull: self = .pull(try HandoverPull(from: &reader))
        case .chunk:
            self = .chunk(
                HandoverChunk(
                    number: try reader.readVarint(), partition: try reader.readUInt16(),
                    payload: try reader.readPrefixed(), next: try reader.readCursor(),
                    wanted: try reader.readFlag() ? reader.readUInt64() : nil,
                    watermark: HybridTimestamp(bits: try reader.readUInt64())))
        case .refused: self = .refused(try HandoverRefusal(from: &reader))
        case .leftover: self = .leftover(try HandoverLeftover(from: &reader))
        case .taken:
            self = .taken(
                HandoverTaken(
                    epoch: try reader.readVarint(), partition: try reader.readUInt16(),
                    root: try reader.readUInt64()))
        }
    }
}

extension HandoverPull {
    fileprivate func encode(into writer: inout ByteWriter) {
        invariant(
            (1...Self.leafLimit).contains(leaves.count), "a pull of \(leaves.count) leaves")
        writer.writeVarint(number)
        writer.write(partition)
        writer.writeVarint(epoch)
        writer.write(depth)
        writer.write(first)
        writer.write(UInt8(leaves.count))
        for leaf in leaves { writer.write(leaf) }
        writer.write(after)
        writer.write(held != nil)
        if let held {
            writer.write(held.until)
            writer.writeCount(held.digests.count)
            for digest in held.digests { writer.write(digest) }
        }
        writer.writeVarint(UInt64(limitBytes))
    }

    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(
            number: try reader.readVarint(), partition: try reader.readUInt16(),
            epoch: try reader.readVarint(), depth: try reader.readUInt8(),
            first: try reader.readUInt16(), leaves: [], after: nil, limitBytes: 0)
        let count = Int(try reader.readUInt8())
        guard (1...Self.leafLimit).contains(count), depth <= NodeSet.depthLimit,
            Int(first) + count <= 1 << Int(depth)
        else { throw reader.error(.invalid("run of leaves")) }
        leaves.reserveCapacity(count)
        for _ in 0..<count { leaves.append(try reader.readUInt64()) }
        after = try reader.readCursor()
        if try reader.readFlag() { held = try Held(from: &reader) }
        guard let limit = UInt32(exactly: try reader.readVarint()) else {
            throw reader.error(.tooLarge("limit of a chunk"))
        }
        limitBytes = limit
    }
}

extension HandoverPull.Held {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        self.init(until: try reader.readUInt64(), digests: [])
        let count = try reader.readCount(minimumSize: 8)
        guard count <= Self.digestLimit else { throw reader.error(.tooLarge("digests")) }
        digests.reserveCapacity(count)
        for _ in 0..<count { digests.append(try reader.readUInt64()) }
    }
}

extension HandoverRefusal {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let number = try reader.readVarint()
        let partition = try reader.readUInt16()
        guard let reason = Reason(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("reason"))
        }
        self.init(number: number, partition: partition, reason: reason)
    }
}

extension HandoverLeftover {
    fileprivate init(from reader: inout ByteReader) throws(FormatError) {
        let epoch = try reader.readVarint()
        let entries = try reader.readAscending(minimumSize: 9) {
            (partition, reader) throws(FormatError) in
            Entry(partition: partition, root: try reader.readUInt64())
        }
        self.init(epoch: epoch, entries: entries)
    }
}

extension ByteWriter {
    fileprivate mutating func write(_ cursor: HandoverCursor?) {
        guard let cursor else { return write(UInt8(0)) }
        write(UInt8(cursor.key == nil ? 1 : 2))
        write(cursor.hash)
        if let key = cursor.key { writePrefixed(key) }
    }
}

extension ByteReader {
    fileprivate mutating func readCursor() throws(FormatError) -> HandoverCursor? {
        let form = try readUInt8()
        guard form <= 2 else { throw error(.invalid("cursor")) }
        if form == 0 { return nil }
        let hash = try readUInt64()
        return HandoverCursor(hash: hash, key: form == 1 ? nil : try readPrefixed())
    }
}
