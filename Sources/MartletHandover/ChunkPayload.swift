// The objects of a chunk as bytes.
//
//     payload = version:u8 (1)  form:u8  raw:u32  crc32c:u32  body
//     form    = 0: the body is as it is | 1: an LZ4 block of it
//     raw     = bytes of the body before it was compressed
//     body    = parcel, see `ExchangeParcel+Coding`
//
// The checksum is of everything but itself: no bit of what is merged is a guess.
internal import MartletBase
internal import MartletStorage
internal import MartletWire

enum ChunkPayload {
    private static let version: UInt8 = 1
    private static let headerSize = 10
    private static let checksumOffset = 6
    /// No body is larger, in bytes: the largest object that the storage takes, beside a chunk.
    static let rawLimit = 40 << 20

    static func encode(_ entries: [Parcel.Entry]) -> Bytes {
        var parcel = ByteWriter(capacity: 1_024)
        Parcel(operation: OperationID(rawValue: 0), patience: .zero, entries: entries)
            .encode(into: &parcel)
        let raw = parcel.take()
        let block = Compression.compress(raw)
        var writer = ByteWriter(capacity: headerSize + (block ?? raw).count)
        writer.write(version)
        writer.write(block != nil)
        writer.write(UInt32(raw.count))
        writer.write(UInt32(0))
        writer.writeRaw(block ?? raw)
        writer.patch(checksum(of: writer.bytes), at: checksumOffset)
        return writer.take()
    }

    static func decode(_ payload: Bytes) throws(FormatError) -> [Parcel.Entry] {
        var reader = ByteReader(payload)
        let version = try reader.readUInt8()
        guard version == Self.version else { throw reader.error(.unsupportedVersion(version)) }
        let isCompressed = try reader.readFlag()
        let count = Int(try reader.readUInt32())
        guard try reader.readUInt32() == checksum(of: payload) else {
            throw reader.error(.checksumMismatch)
        }
        guard count <= rawLimit else { throw reader.error(.tooLarge("chunk")) }
        var body = reader
        if isCompressed {
            body = ByteReader(
                try Compression.decompress(
                    payload, headerSize..<payload.count, rawCount: count))
        } else if reader.remaining != count {
            throw reader.error(.invalid("length of a chunk"))
        }
        let parcel = try Parcel(from: &body)
        try body.expectEnd()
        return parcel.entries
    }

    private static func checksum(of payload: Bytes) -> UInt32 {
        let front = Checksum.crc32c(payload, 0..<checksumOffset)
        return Checksum.crc32c(payload, headerSize..<payload.count, extending: front)
    }
}
