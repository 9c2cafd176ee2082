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
        guard byte() != nil, let actors = number() else { return false }
        for _ in 0..<actors {
            guard word(), varint(), varint() else { return false }
        }
        guard let siblings = number() else { return false }
        for _ in 0..<siblings {
            guard varint(), varint(), word(), let flags = byte() else { return false }
            if flags & 2 != 0, !word() { return false }
            if flags & 1 != 0 {
                guard let length = number(), length <= UInt64(bytes.byteCount - at) else {
                    return false
                }
                at += Int(length)
            }
        }
        return varint() && at == bytes.byteCount
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

    /// A varint of which the value matters to the walk.
    private mutating func number() -> UInt64? {
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

    /// Any other, taken as the bytes that it is, undecoded and at once: an object has two for each
    /// actor, and its digest is taken twice at each write.
    private mutating func varint() -> Bool {
        guard at + 8 <= bytes.byteCount else { return longVarint() }
        let word = bytes.word(at)
        let ends = ~word & 0x8080_8080_8080_8080
        if ends == 0 { return longVarint() }
        let last = ends.trailingZeroBitCount
        take(word & UInt64.max >> UInt64(63 - last))
        at += (last + 1) / 8
        return true
    }

    /// The same, byte by byte: of more than eight, or close to the end.
    private mutating func longVarint() -> Bool {
        var word: UInt64 = 0
        for place in 0..<10 where at < bytes.byteCount {
            if place == 8 {
                take(word)
                word = 0
            }
            let byte = bytes.byte(at)
            at += 1
            word |= UInt64(byte) << UInt64(place % 8 * 8)
            if byte < 0x80 {
                take(word)
                return true
            }
        }
        return false
    }
}
