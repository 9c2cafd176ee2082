// The entries in memory: records appended to an arena, found by a hash index, and sorted only when
// somebody asks for a partition. It knows nothing of the log and of tables.
internal import MartletBase

/// Confined to the loop while it takes writes; immutable afterwards, when the loop and a worker
/// thread may read it alike: hence `@unchecked Sendable`.
///
/// A record once inserted stays, also when a later one of its key shadows it: the memtable at any
/// earlier `mark` can still be read. Keys are hashed under a seed, since `StableHash` is public and
/// a client could choose keys that share its hash; with the seed unknown to clients, probing stays
/// short. (In `block`, such keys cost comparisons: n log n, not n².)
final class Memtable: @unchecked Sendable {
    /// A point in a memtable's history.
    struct Mark: Hashable, Comparable, Sendable {
        /// How many records came before it.
        let recordCount: UInt32

        static func < (left: Mark, right: Mark) -> Bool { left.recordCount < right.recordCount }
    }

    /// What the newest record of a key says.
    enum Found: Hashable, Sendable {
        /// The entry's value.
        case value(Bytes)
        /// The entry is gone, whatever older tables say.
        case deleted
    }

    private(set) var arena = RecordArena()
    private var index = PlaceIndex()
    /// The places of a partition's records in the order of insertion, shadowed ones included;
    /// indexed by space, then by partition as far as one was written.
    private var shelves: [[[RecordArena.Place]]]
    private let expectedBytes: Int
    private let seed: UInt64
    /// How many records were inserted, shadowed ones included.
    private(set) var recordCount = 0
    /// How many keys have a put as their newest record.
    private(set) var liveCount = 0
    /// What the records take as encoded, shadowed ones included, in bytes.
    private(set) var recordBytes = 0

    /// An empty memtable of a few hundred bytes. `expectedBytes` of memory is what it will be
    /// filled with, about: the index grows in larger steps while it is far from that. `seed`
    /// orders nothing that can be seen.
    init(expectedBytes: Int, seed: UInt64 = 0) {
        self.expectedBytes = expectedBytes
        self.seed = seed
        shelves = StorageKey.Space.allCases.map { _ in [] }
    }

    /// What memory it takes, in bytes, about.
    var byteCount: Int {
        arena.byteCount + index.byteCount + recordCount * MemoryLayout<RecordArena.Place>.stride
    }
    /// How many keys have a record.
    var keyCount: Int { index.count }
    /// The present point in its history. O(1).
    var mark: Mark { Mark(recordCount: UInt32(recordCount)) }

    /// Copies the put or delete that `bytes` holds; it shadows earlier records of its key, of which
    /// the hash is returned. O(record).
    @discardableResult
    func insert(_ record: Record, in bytes: RawSpan) -> UInt64 {
        invariant(
            record.kind.isOfEntry, "a \(record.kind) of \(record.space)/\(record.partition)")
        if index.isFull { growIndex() }
        let sequence = mark.recordCount
        let probe = KeyProbe(record, in: bytes, seed: seed)
        let space = Int(record.space.rawValue)
        let partition = Int(record.partition)
        if partition >= shelves[space].count { addShelves(space, partition) }
        let hash = record.hash(in: bytes)
        let header = RecordArena.Header(
            hash: hash, sequence: sequence, shadowed: RecordArena.unshadowed,
            length: UInt32(record.range.count))
        let place = arena.append(header, bytes.extracting(record.range))
        shelves[space][partition].append(place)
        let slot = slot(probe)
        let shadowed = index.place(at: slot)
        if shadowed != .none {
            if Self.isPut(self.bytes(of: shadowed)) { liveCount -= 1 }
            arena.shadow(shadowed, by: sequence)
        }
        index.set(slot, probe.fingerprint, place)
        if record.kind == .put { liveCount += 1 }
        recordCount += 1
        recordBytes += record.range.count
        return hash
    }

    private func growIndex() {
        let entries = Double(index.count) / Double(max(1, arena.byteCount))
        index.grow(expected: Int(entries * Double(expectedBytes)))
    }

    private func addShelves(_ space: Int, _ partition: Int) {
        let missing = partition + 1 - shelves[space].count
        shelves[space].append(contentsOf: repeatElement([], count: missing))
    }

    private static func isPut(_ record: RawSpan) -> Bool {
        record.byte(0) == Record.Kind.put.rawValue
    }

    /// What the newest record of `key` says; nil when there is none. O(1) and a copy.
    func find(_ key: StorageKey) -> Found? {
        let bytes = key.key
        let place = self.place(KeyProbe(key, bytes.raw, seed: seed))
        guard place != .none else { return nil }
        let span = self.bytes(of: place)
        let record = Self.parsed(span)
        return record.kind == .put ? .value(span.copy(record.value)) : .deleted
    }

    /// Where the newest record of the key is that `record` is about.
    func indexed(_ record: Record, in bytes: RawSpan) -> RecordArena.Place {
        place(KeyProbe(record, in: bytes, seed: seed))
    }

    @inline(__always)
    private func place(_ probe: borrowing KeyProbe) -> RecordArena.Place {
        index.place(at: slot(probe))
    }

    @inline(__always)
    private func slot(_ probe: borrowing KeyProbe) -> Int {
        var slot = index.home(of: probe.fingerprint)
        while true {
            let place = index.place(at: slot)
            if place == .none { return slot }
            if index.matches(slot, probe.fingerprint), probe.isAnswered(by: bytes(of: place)) {
                return slot
            }
            slot = index.slot(after: slot)
        }
    }

    /// The record at a place, lent.
    @inline(__always) @_lifetime(borrow self)
    func bytes(of place: RecordArena.Place) -> RawSpan {
        let span = unsafe RawSpan(_unsafeBytes: arena.record(place))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// A record of the arena; all were whole when they were inserted.
    static func parsed(_ bytes: RawSpan) -> Record {
        do {
            return try Record(in: bytes, at: 0)
        } catch {
            invariant(false, "a record in memory is bent: \(error)")
            preconditionFailure()
        }
    }

    /// The places of the partition's records, oldest first, shadowed ones included.
    func shelf(_ space: StorageKey.Space, _ partition: UInt16) -> [RecordArena.Place] {
        let row = shelves[Int(space.rawValue)]
        return Int(partition) < row.count ? row[Int(partition)] : []
    }

    /// Whether there is any record of the partition, deletes included. O(1).
    func holds(_ space: StorageKey.Space, _ partition: UInt16) -> Bool {
        !shelf(space, partition).isEmpty
    }

    /// The partitions that have records, ascending. O(partitions).
    func partitions(of space: StorageKey.Space) -> [UInt16] {
        let row = shelves[Int(space.rawValue)]
        return row.indices.filter { !row[$0].isEmpty }.map { UInt16($0) }
    }
}
