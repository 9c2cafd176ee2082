// What the memtable's tests share: records by key, blocks read back, contents of a partition.
import MartletBase
import Testing

@testable import MartletStorage

extension Memtable {
    /// Encodes a put, or a delete where `value` is nil, behind some other bytes and inserts it.
    func set(_ key: StorageKey, _ value: Bytes?) throws {
        var writer = ByteWriter()
        writer.write(UInt16(0xABCD))
        WriteBatch.encode(value.map { .put(key, $0) } ?? .delete(key), into: &writer)
        writer.write(UInt8(0xEF))
        let bytes = writer.take()
        let record = try Record(in: bytes.raw, at: 2)
        #expect(record.end == bytes.count - 1)
        insert(record, in: bytes.raw)
    }

    /// What `block` shows, as entries; a delete has no value.
    func entries(
        _ space: StorageKey.Space, _ partition: UInt16, before mark: Mark? = nil
    ) throws -> [MemtableEntry] {
        guard let block = block(space, partition, before: mark) else { return [] }
        try block.verify()
        let bytes = block.bytes
        var entries: [MemtableEntry] = []
        var offset = 0
        while offset < block.recordsEnd {
            let record = try block.record(at: offset)
            entries.append(
                MemtableEntry(
                    key: record.storageKey(in: bytes.raw),
                    value: record.kind == .put ? bytes.raw.copy(record.value) : nil))
            offset = record.end
        }
        #expect(entries.count == block.count)
        return entries
    }
}

/// A key and its value; nil stands for a delete.
struct MemtableEntry: Hashable {
    let key: StorageKey
    let value: Bytes?
}
