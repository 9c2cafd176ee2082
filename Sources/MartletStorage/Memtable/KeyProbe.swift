// A key that is looked for among encoded records, laid over the bytes that its owner holds.
internal import MartletBase

/// Compares without decoding: what comes before a record's key is one word to test.
struct KeyProbe: ~Escapable {
    /// The upper half of the seeded hash: all that the index knows of a key.
    let fingerprint: UInt32
    private let key: RawSpan
    /// Space and partition as the first word of a record has them, above the kind.
    private let prefix: UInt32
    private let owner: UInt64

    @_lifetime(copy key)
    private init(
        _ key: RawSpan, space: StorageKey.Space, partition: UInt16, owner: UInt64, seed: UInt64
    ) {
        self.key = key
        self.owner = owner
        prefix = UInt32(space.rawValue) | UInt32(partition) << 8
        // Hints for several homes share their key, and an object and its hints do too.
        let seed = seed ^ owner ^ UInt64(prefix) << 40
        fingerprint = UInt32(truncatingIfNeeded: StableHash.hash(key, seed: seed) >> 32)
    }

    /// The key that `record`, laid over `bytes`, is about.
    @_lifetime(copy bytes)
    init(_ record: Record, in bytes: RawSpan, seed: UInt64) {
        self.init(
            bytes.extracting(record.key), space: record.space, partition: record.partition,
            owner: record.owner, seed: seed)
    }

    /// `key`, whose bytes the caller lends as `bytes`.
    @_lifetime(copy bytes)
    init(_ key: StorageKey, _ bytes: RawSpan, seed: UInt64) {
        self.init(
            bytes, space: key.space, partition: key.partition, owner: key.owner, seed: seed)
    }

    /// Whether a whole record is about this key. O(key).
    func isAnswered(by record: RawSpan) -> Bool {
        guard record.quarter(0) >> 8 == prefix else { return false }
        var start = 4
        var length = 0
        var shift = 0
        var byte: UInt8
        repeat {
            byte = record.byte(start)
            length |= Int(byte & 0x7F) << shift
            start += 1
            shift += 7
        } while byte >= 0x80
        guard length == key.byteCount else { return false }
        let end = start + length
        guard record.extracting(start..<end).order(against: key) == 0 else { return false }
        return prefix & 0xFF != UInt32(StorageKey.Space.hints.rawValue)
            || record.word(end) == owner
    }
}
