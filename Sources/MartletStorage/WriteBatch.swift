// Changes that become visible and durable together, and their encoding in a log chunk.

//   batch  = varint count, count × change
//   change = u8 kind (1 put, 2 delete), u8 space, u16 partition, varint length + key,
//            [u64 owner when space is hints], [varint length + value when kind is put]
package import MartletBase

/// An ordered list of puts and deletes, applied all or not at all; a later change of a key wins.
package struct WriteBatch: Hashable, Sendable {
    /// One put or delete.
    package struct Change: Hashable, Sendable {
        /// The entry that changes.
        package var key: StorageKey
        /// What it becomes; nil deletes it.
        package var value: Bytes?
    }

    /// What the batch changes, in order.
    package private(set) var changes: [Change] = []
    /// What the batch takes in the log before compression, in bytes, rounded up: what the limits
    /// of the engine count.
    package private(set) var byteCount = 0
    /// The most that it adds to the memtable: its puts, as if none replaced another.
    private(set) var memoryBytes = 0

    /// A batch that changes nothing.
    package init() {}

    /// Whether it changes nothing.
    package var isEmpty: Bool { changes.isEmpty }
    /// How many puts and deletes it holds.
    package var count: Int { changes.count }

    /// Sets `key` to `value`.
    package mutating func put(_ key: StorageKey, _ value: Bytes) {
        append(Change(key: key, value: value))
    }

    /// Removes `key`, whether it is there or not.
    package mutating func delete(_ key: StorageKey) {
        append(Change(key: key, value: nil))
    }

    private mutating func append(_ change: Change) {
        changes.append(change)
        byteCount += change.key.key.count + (change.value?.count ?? 0) + Self.overheadBytes
        if let value = change.value {
            memoryBytes += Memtable.entryBytes(change.key, value)
        }
    }

    /// The most that the fixed fields and lengths of a change take.
    private static let overheadBytes = 4 + 8 + 2 * 10
    private static let smallestChangeBytes = 5
    private static let putKind: UInt8 = 1
    private static let deleteKind: UInt8 = 2

    func encode(into writer: inout ByteWriter) {
        writer.writeCount(changes.count)
        for change in changes {
            let key = change.key
            writer.write(change.value == nil ? Self.deleteKind : Self.putKind)
            writer.write(key.space.rawValue)
            writer.write(key.partition)
            writer.writePrefixed(key.key)
            if key.space == .hints { writer.write(key.owner) }
            if let value = change.value { writer.writePrefixed(value) }
        }
    }

    init(from reader: inout ByteReader) throws(FormatError) {
        let count = try reader.readCount(minimumSize: Self.smallestChangeBytes)
        changes.reserveCapacity(count)
        for _ in 0..<count {
            let kind = try reader.readUInt8()
            guard kind == Self.putKind || kind == Self.deleteKind else {
                throw reader.error(.invalid("kind of change"))
            }
            let key = try Self.readKey(from: &reader)
            append(Change(key: key, value: kind == Self.putKind ? try reader.readPrefixed() : nil))
        }
    }

    private static func readKey(from reader: inout ByteReader) throws(FormatError) -> StorageKey {
        guard let space = StorageKey.Space(rawValue: try reader.readUInt8()) else {
            throw reader.error(.invalid("space"))
        }
        let partition = try reader.readUInt16()
        let key = try reader.readPrefixed()
        let owner = space == .hints ? try reader.readUInt64() : 0
        return StorageKey(space: space, partition: partition, key: key, owner: owner)
    }
}
