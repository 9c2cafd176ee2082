// A number for what a key holds, for Merkle trees: objects of one set of siblings have one digest,
// whatever node encoded them. Values are not read, since their dots name them; nor are contexts,
// which homes prune each in its own time.
internal import MartletBase

extension Object {
    /// The digest of the siblings of the object that `bytes` encode, under a key of that hash.
    /// Bytes that are none have a digest too, of all of them. The lowest bit says whether a sibling
    /// has a value, the second whether every value expires. O(context + siblings); values are
    /// stepped over.
    public static func digest(keyHash: UInt64, _ bytes: RawSpan) -> UInt64 {
        DigestWalk(bytes, seed: keyHash).digest() ?? StableHash.hash(bytes, seed: keyHash) & ~3
    }

    /// The digest of this object, under a key of that hash.
    public func digest(keyHash: UInt64) -> UInt64 {
        Self.digest(keyHash: keyHash, encoding.raw)
    }
}

/// Walks an encoded object and hashes its siblings between their values, in words: taken twice at
/// each write, it decodes no more than tells where they lie. A sibling's actor stands in the
/// context, and is taken from there.
///
/// A run of bytes ends with a word of what is left of it, filled up with zeros. That loses nothing:
/// where a run ends follows from the bytes before.
private struct DigestWalk: ~Escapable {
    private let bytes: RawSpan
    private var at = 0
    /// The bytes before this are hashed, or of no account.
    private var start = 0
    private var hash: UInt64
    /// Bit 0: some sibling has a value; and one that does not expire.
    private var (valued, lasting): (UInt8, UInt8) = (0, 0)
    /// The entry of the context that siblings were last found under, and where it begins.
    private var (actor, actorAt): (UInt64, Int) = (0, 0)

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, seed: UInt64) {
        self.bytes = bytes
        hash = StableHash.mix(seed)
    }

    /// Nil where the bytes are no object, or one of less than a word. Inlined, so that the walk is
    /// in registers: to copy what was just put in memory costs as much as all of it.
    @inline(__always)
    consuming func digest() -> UInt64? {
        guard bytes.byteCount >= 8, skip(1), let actors = number() else { return nil }
        actorAt = at
        for _ in 0..<actors {
            guard skip(8), skipTwoNumbers() else { return nil }
        }
        guard let siblings = number() else { return nil }
        for _ in 0..<siblings {
            guard let index = number(), index < actors, hashActor(index) else { return nil }
            start = at
            guard number() != nil, skip(9) else { return nil }
            let flags = bytes.byte(at - 1)
            valued |= flags & 1
            lasting |= flags & ~(flags >> 1) & 1
            if flags & 2 != 0, !skip(8) { return nil }
            if flags & 1 == 0 {
                hashRun()
            } else {
                guard let length = number() else { return nil }
                hashRun()
                guard length <= UInt64(bytes.byteCount), skip(Int(length)) else { return nil }
            }
        }
        guard number() != nil, at == bytes.byteCount else { return nil }
        let kind = UInt64(valued | (valued & ~lasting) << 1)
        return StableHash.mix(hash) & ~3 | kind
    }

    /// Takes in the name of the actor of that index, which is not before that of the sibling before
    /// it: siblings are sorted by their dots.
    @inline(__always)
    private mutating func hashActor(_ index: UInt64) -> Bool {
        guard index >= actor else { return false }
        let end = at
        at = actorAt
        while actor < index {
            guard skip(8), skipTwoNumbers() else { return false }
            actor += 1
        }
        actorAt = at
        guard skip(8) else { return false }
        let node = bytes.word(at - 8)
        guard let incarnation = number() else { return false }
        hash = StableHash.fold(StableHash.fold(hash ^ node) ^ incarnation)
        at = end
        return true
    }

    /// Takes in the bytes up to here, of which there are eight at least, if not all in this run.
    @inline(__always)
    private mutating func hashRun() {
        while start + 8 <= at {
            hash = StableHash.fold(hash ^ bytes.word(start))
            start += 8
        }
        if start < at {
            hash = StableHash.fold(hash ^ bytes.word(at - 8) >> UInt64(64 - 8 * (at - start)))
        }
    }

    /// False where fewer are left.
    private mutating func skip(_ count: Int) -> Bool {
        at += count
        return at <= bytes.byteCount
    }

    /// Most numbers take one byte.
    @inline(__always)
    private mutating func number() -> UInt64? {
        guard at < bytes.byteCount else { return nil }
        let first = bytes.byte(at)
        if first < 0x80 {
            at += 1
            return UInt64(first)
        }
        guard let (value, end) = Self.number(in: bytes, at: at) else { return nil }
        at = end
        return value
    }

    /// A number, and where it ends.
    @inline(never)
    private static func number(in bytes: RawSpan, at start: Int) -> (value: UInt64, end: Int)? {
        var value: UInt64 = 0
        for at in start..<min(start + 10, bytes.byteCount) {
            let byte = bytes.byte(at)
            value |= UInt64(byte & 0x7F) << UInt64(7 * (at - start))
            if byte < 0x80 { return (value, at + 1) }
        }
        return nil
    }

    /// Looks at eight bytes at once, where they hold both.
    private mutating func skipTwoNumbers() -> Bool {
        if at + 8 <= bytes.byteCount {
            let ends = ~bytes.word(at) & 0x8080_8080_8080_8080
            let second = ends & (ends &- 1)
            if second != 0 {
                at += second.trailingZeroBitCount / 8 + 1
                return true
            }
        }
        return number() != nil && number() != nil
    }
}
