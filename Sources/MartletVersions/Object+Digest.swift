// A number for each version of a key, for Merkle trees: equal objects have equal digests, whatever
// node encoded them; values are not read, since their dots name them.
internal import MartletBase

extension Object {
    /// The digest of the object that `bytes` encode, under a key of that hash. Bytes that are none
    /// have a digest too, of all of them. O(context + siblings); values are stepped over.
    public static func digest(keyHash: UInt64, _ bytes: RawSpan) -> UInt64 {
        DigestWalk(bytes).digest(seed: keyHash) ?? StableHash.hash(bytes, seed: keyHash)
    }

    /// The digest of this object, under a key of that hash.
    public func digest(keyHash: UInt64) -> UInt64 {
        let bytes = encoded()
        return Self.digest(keyHash: keyHash, bytes.raw)
    }
}

/// Walks an encoded object and hashes the runs of bytes between its values: taken twice at each
/// write, it decodes no more than tells where they lie.
private struct DigestWalk: ~Escapable {
    private let bytes: RawSpan
    private var at = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) {
        self.bytes = bytes
    }

    /// Nil where the bytes are no object.
    consuming func digest(seed: UInt64) -> UInt64? {
        guard skip(1), let actors = number() else { return nil }
        for _ in 0..<actors {
            guard skip(8), skipVarint(), skipVarint() else { return nil }
        }
        guard let siblings = number() else { return nil }
        var hash = seed
        var start = 0
        for _ in 0..<siblings {
            guard skipVarint(), skipVarint(), skip(9) else { return nil }
            let flags = bytes.byte(at - 1)
            if flags & 2 != 0, !skip(8) { return nil }
            if flags & 1 != 0 {
                guard let length = number() else { return nil }
                hash = StableHash.hash(bytes.extracting(start..<at), seed: hash)
                guard length <= UInt64(bytes.byteCount), skip(Int(length)) else { return nil }
                start = at
            }
        }
        guard skipVarint(), at == bytes.byteCount else { return nil }
        return StableHash.hash(bytes.extracting(start..<at), seed: hash)
    }

    /// False where fewer are left.
    private mutating func skip(_ count: Int) -> Bool {
        at += count
        return at <= bytes.byteCount
    }

    private mutating func number() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < bytes.byteCount, shift < 64 {
            let byte = bytes.byte(at)
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }

    /// Looks at eight bytes at once, as far as there are as many.
    private mutating func skipVarint() -> Bool {
        if at + 8 <= bytes.byteCount {
            let ends = ~bytes.word(at) & 0x8080_8080_8080_8080
            if ends != 0 {
                at += ends.trailingZeroBitCount / 8 + 1
                return true
            }
        }
        return number() != nil
    }
}
