// Changes that become visible and durable together, and their encoding in a log chunk.

//   batch  = varint count, count × record
package import MartletBase

/// An ordered list of changes, applied all or not at all; a later change of a key wins.
package struct WriteBatch: Hashable, Sendable {
    /// One change.
    package enum Change: Hashable, Sendable {
        /// The entry becomes the value.
        case put(StorageKey, Bytes)
        /// The entry is gone, whether it was there or not.
        case delete(StorageKey)
        /// All entries of the space in the partition are gone.
        case drop(StorageKey.Space, partition: UInt16)
    }

    /// What the batch changes, in order.
    package private(set) var changes: [Change] = []
    /// What the batch takes in the log before compression, in bytes, rounded up: what the limits
    /// of the engine count.
    package private(set) var byteCount = 0

    /// Whether one of the changes is a drop.
    private(set) var hasDrop = false

    /// A batch that changes nothing.
    package init() {}

    /// Whether it changes nothing.
    package var isEmpty: Bool { changes.isEmpty }
    /// How many changes it holds.
    package var count: Int { changes.count }

    /// Sets `key` to `value`.
    package mutating func put(_ key: StorageKey, _ value: Bytes) {
        append(.put(key, value))
    }

    /// Removes `key`, whether it is there or not.
    package mutating func delete(_ key: StorageKey) {
        append(.delete(key))
    }

    /// Removes all that `space` holds of a partition, at the cost of one record.
    package mutating func drop(_ space: StorageKey.Space, partition: UInt16) {
        append(.drop(space, partition: partition))
    }

    private mutating func append(_ change: Change) {
        changes.append(change)
        byteCount += Record.overheadLimitBytes
        switch change {
        case .put(let key, let value): byteCount += key.key.count + value.count
        case .delete(let key): byteCount += key.key.count
        case .drop: hasDrop = true
        }
    }

    func encode(into writer: inout ByteWriter) {
        writer.writeCount(changes.count)
        for change in changes { Self.encode(change, into: &writer) }
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
        writer.write(kind.rawValue)
        writer.write(key.space.rawValue)
        writer.write(key.partition)
        writer.writePrefixed(key.key)
        if key.space == .hints { writer.write(key.owner) }
    }

    /// Moves `reader` behind a batch.
    static func skip(_ reader: inout ByteReader) throws(FormatError) {
        let count = try reader.readCount(minimumSize: Record.smallestBytes)
        for _ in 0..<count { _ = try reader.readRecord() }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let count = try reader.readCount(minimumSize: Record.smallestBytes)
        changes.reserveCapacity(count)
        for _ in 0..<count {
            let record = try reader.readRecord()
            let bytes = reader.bytes.raw
            switch record.kind {
            case .put: put(record.storageKey(in: bytes), bytes.copy(record.value))
            case .delete: delete(record.storageKey(in: bytes))
            case .drop:
                guard record.key.isEmpty else { throw reader.error(.invalid("drop")) }
                drop(record.space, partition: record.partition)
            }
        }
    }
}
