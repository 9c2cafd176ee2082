// A number for each version of a key, for Merkle trees: equal objects have equal digests, whatever
// node encoded them; values are not read, since their dots name them.
internal import MartletBase

extension Object {
    /// The digest of the object that `bytes` encode, under a key of that hash. Bytes that are none
    /// have a digest too, of all of them. O(context + siblings); values are stepped over.
    public static func digest(keyHash: UInt64, _ bytes: RawSpan) -> UInt64 {
        var walk = DigestWalk(bytes: bytes, hash: StableHash.mix(keyHash))
        if walk.run() { return walk.hash }
        return StableHash.hash(bytes, seed: keyHash)
    }

    /// The digest of this object, under a key of that hash.
    public func digest(keyHash: UInt64) -> UInt64 {
        let bytes = encoded()
        return Self.digest(keyHash: keyHash, bytes.raw)
    }
}

/// Walks an encoded object and hashes all but its values.
private struct DigestWalk: ~Escapable {
    let bytes: RawSpan
    var hash: UInt64
    private var at = 0

    @_lifetime(copy bytes)
    init(bytes: RawSpan, hash: UInt64) {
        self.bytes = bytes
        self.hash = hash
    }

    /// False where the bytes are no object.
    mutating func run() -> Bool {
        guard byte() != nil, let actors = varint() else { return false }
        for _ in 0..<actors {
            guard word(), varint() != nil, varint() != nil else { return false }
        }
        guard let siblings = varint() else { return false }
        for _ in 0..<siblings {
            guard varint() != nil, varint() != nil, word(), let flags = byte() else { return false }
            if flags & 2 != 0, !word() { return false }
            if flags & 1 != 0 {
                guard let length = varint(), length <= UInt64(bytes.byteCount - at) else {
                    return false
                }
                at += Int(length)
            }
        }
        return varint() != nil && at == bytes.byteCount
    }

    private mutating func take(_ value: UInt64) { hash = StableHash.mix(hash ^ value) }

    private mutating func byte() -> UInt8? {
        guard at < bytes.byteCount else { return nil }
        let byte = bytes.byte(at)
        at += 1
        take(UInt64(byte))
        return byte
    }

    private mutating func word() -> Bool {
        guard at + 8 <= bytes.byteCount else { return false }
        take(bytes.word(at))
        at += 8
        return true
    }

    private mutating func varint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < bytes.byteCount, shift < 64 {
            let byte = bytes.byte(at)
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                take(value)
                return value
            }
            shift += 7
        }
        return nil
    }
}
