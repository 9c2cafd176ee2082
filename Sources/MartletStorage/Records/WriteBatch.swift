// Changes that become visible and durable together, and their encoding in a log chunk.

//   batch  = varint count, count × change
public import MartletBase

/// An ordered list of changes, applied all or not at all; a later change of a key wins.
///
/// An object is changed with `replacing`, which names what was there before: from that the engine
/// keeps the Merkle tree of the partition without reading anything.
public struct WriteBatch: Hashable, Sendable {
    /// One change.
    public enum Change: Hashable, Sendable {
        /// The entry becomes the value.
        case put(StorageKey, Bytes)
        /// The entry is gone, whether it was there or not.
        case delete(StorageKey)
        /// All entries of the space in the partition are gone.
        case drop(StorageKey.Space, partition: UInt16)
    }

    /// What a change says that it replaces.
    private enum Old: Hashable {
        /// Nothing is said: the trees are left alone.
        case unnamed
        /// The value, or nil where there was none, under a key of that hash.
        case named(Bytes?, keyHash: UInt64)
    }

    private struct Entry: Hashable {
        var change: Change
        var old: Old
    }

    /// Most batches have one change: it takes no memory of its own.
    private var first: Entry?
    private var others: [Entry] = []
    /// What the batch takes in the log before compression, in bytes, rounded up: what the limits
    /// of the engine count.
    public private(set) var byteCount = 0

    /// Whether one of the changes is a drop.
    private(set) var hasDrop = false

    /// A batch that changes nothing.
    public init() {}

    /// Whether it changes nothing.
    public var isEmpty: Bool { count == 0 }
    /// How many changes it holds.
    public private(set) var count = 0
    /// What the batch changes, in order. O(changes).
    public var changes: [Change] { (first.map { [$0.change] } ?? []) + others.map(\.change) }

    /// Sets `key` to `value`. An object that is set so makes its partition's tree wrong.
    public mutating func put(_ key: StorageKey, _ value: Bytes) {
        append(.put(key, value), .unnamed)
    }

    /// Removes `key`, whether it is there or not. An object that is removed so makes its
    /// partition's tree wrong, unless it was not there.
    public mutating func delete(_ key: StorageKey) {
        append(.delete(key), .unnamed)
    }

    /// Sets the object `key` to `value`, and folds the difference to what it held when the batch
    /// comes to this change (nil: nothing) into the tree of its partition. A wrong `old` makes the
    /// tree wrong.
    public mutating func put(_ key: StorageKey, _ value: Bytes, replacing old: Bytes?) {
        invariant(key.space == .objects, "\(key) has no tree")
        append(.put(key, value), .named(old, keyHash: key.hash))
    }

    /// Removes the object `key`, and what it held when the batch comes to this change (nil:
    /// nothing) from the tree of its partition. A wrong `old` makes the tree wrong.
    public mutating func delete(_ key: StorageKey, replacing old: Bytes?) {
        invariant(key.space == .objects, "\(key) has no tree")
        append(.delete(key), .named(old, keyHash: key.hash))
    }

    /// Removes all that `space` holds of a partition, at the cost of one record.
    public mutating func drop(_ space: StorageKey.Space, partition: UInt16) {
        append(.drop(space, partition: partition), .unnamed)
    }

    private mutating func append(_ change: Change, _ old: Old) {
        let entry = Entry(change: change, old: old)
        if isEmpty { first = entry } else { others.append(entry) }
        count += 1
        byteCount += Record.overheadLimitBytes
        if case .named = old { byteCount += Replaced.limitBytes }
        switch change {
        case .put(let key, let value): byteCount += key.key.count + value.count
        case .delete(let key): byteCount += key.key.count
        case .drop: hasDrop = true
        }
    }

    /// Appends the changes; what they replace is said as `digest` has it, and not at all where
    /// that is nil.
    func encode(into writer: inout ByteWriter, digest: EntryDigest.Function?) {
        writer.writeCount(count)
        if let first { Self.encode(first, into: &writer, digest) }
        for entry in others { Self.encode(entry, into: &writer, digest) }
    }

    private static func encode(
        _ entry: Entry, into writer: inout ByteWriter, _ digest: EntryDigest.Function?
    ) {
        if let digest, case .named(let old, let keyHash) = entry.old {
            let replaced = old.map { Replaced.digest(digest(keyHash, $0.raw)) } ?? .nothing
            replaced.encode(into: &writer)
        }
        encode(entry.change, into: &writer)
    }

    /// Appends the record of one change.
    static func encode(_ change: Change, into writer: inout ByteWriter) {
        switch change {
        case .put(let key, let value):
            encode(.put, key, into: &writer)
            writer.writePrefixed(value)
        case .delete(let key): encode(.delete, key, into: &writer)
        case .drop(let space, let partition):
            writer.write(Record.Kind.drop.rawValue)
            writer.write(space.rawValue)
            writer.write(partition)
            writer.writeCount(0)
            if space == .hints { writer.write(UInt64(0)) }
        }
    }

    private static func encode(
        _ kind: Record.Kind, _ key: StorageKey, into writer: inout ByteWriter
    ) {
        // Kind, space and partition in one word.
        writer.write(
            UInt32(kind.rawValue) | UInt32(key.space.rawValue) << 8 | UInt32(key.partition) << 16)
        writer.writePrefixed(key.key)
        if key.space == .hints { writer.write(key.owner) }
    }

    /// Moves `reader` behind a batch.
    static func skip(_ reader: inout ByteReader) throws(FormatError) {
        let count = try reader.readCount(minimumSize: Record.smallestBytes)
        for _ in 0..<count { _ = try reader.readChange() }
    }
}

extension WriteBatch.Change {
    /// The change that `reader` holds next, but not what that replaces, of which there is a digest
    /// at most.
    init(from reader: inout ByteReader) throws(FormatError) {
        let record = try reader.readChange().record
        let bytes = reader.bytes.raw
        switch record.kind {
        case .put: self = .put(record.storageKey(in: bytes), bytes.copy(record.value))
        case .delete: self = .delete(record.storageKey(in: bytes))
        case .drop:
            guard record.key.isEmpty else { throw reader.error(.invalid("drop")) }
            self = .drop(record.space, partition: record.partition)
        }
    }
}
