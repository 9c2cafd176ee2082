// The memory that records are copied into, once and for good: chunks that never move, so that a
// record keeps its place while the arena grows. It knows records as bytes under a header; which of
// them is the newest of its key is the memtable's knowledge.

//   entry = u64 hash, u32 sequence, u32 shadowed, u32 length, 4 bytes unused, record, unused to 8
internal import MartletBase

/// Appended records by place. Reading is safe from several threads once appending has ended.
@safe
struct RecordArena: ~Copyable {
    /// The place of an entry: the chunk in the upper 15 bits, units of 8 bytes in the lower 17.
    struct Place: Hashable {
        var rawValue: UInt32
        /// No entry's place.
        static let none = Place(rawValue: 0)
    }

    /// What the arena keeps in front of each record.
    struct Header {
        /// `StableHash` of the key.
        var hash: UInt64
        /// How many records came before it.
        var sequence: UInt32
        /// The sequence of the next record of the same key; `unshadowed` while there is none.
        var shadowed: UInt32
        /// What the record takes, in bytes.
        var length: UInt32
    }

    /// `Header.shadowed` of a record that is the newest of its key; above every sequence.
    static let unshadowed = UInt32.max
    /// The first chunk's size; each further one is twice as large, up to `chunkLimitBytes`. Small
    /// enough for a simulated node, large enough to be rare in a busy one.
    static let firstChunkBytes = 4 << 10
    /// The largest chunk that entries share.
    static let chunkLimitBytes = 1 << 20
    /// An entry above this has a chunk to itself, so that at most a quarter of a shared one is
    /// left unused.
    static let sharedLimitBytes = chunkLimitBytes / 4
    /// The most chunks: the arena holds at least 8 GiB, and mostly up to 32.
    static let chunkCountLimit = 1 << (32 - unitBits)

    private static let unitBits: UInt32 = 17
    private static let unitMask: UInt32 = 1 << unitBits - 1
    private static let headerBytes = MemoryLayout<Header>.stride

    private struct Chunk {
        var capacity: Int
        var used: Int
    }

    private var bases: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private var basesCapacity = 8
    private var chunks: [Chunk] = []
    /// The chunk that takes the next entry, unless it needs one to itself.
    private var open = 0
    private var nextChunkBytes = firstChunkBytes
    private var capacity = 0

    /// What the chunks take, in bytes, without the room that is left in the one that fills: however
    /// small a memtable's limit, it holds as much of records.
    var byteCount: Int {
        chunks.isEmpty ? 0 : capacity - (chunks[open].capacity - chunks[open].used)
    }

    init() {
        unsafe bases = .allocate(capacity: basesCapacity)
    }

    deinit {
        for index in 0..<chunks.count { unsafe bases[index].deallocate() }
        unsafe bases.deallocate()
    }

    /// Copies a record behind a header. O(record); throws nothing away, moves nothing.
    mutating func append(_ header: Header, _ record: RawSpan) -> Place {
        invariant(
            record.byteCount > 0 && Int(header.length) == record.byteCount,
            "\(record.byteCount) bytes under a header for \(header.length)")
        let size = (Self.headerBytes + record.byteCount + 7) & ~7
        let chunk = chunkWithRoom(for: size)
        let offset = chunks[chunk].used
        chunks[chunk].used = offset + size
        unsafe record.withUnsafeBytes { source in
            guard let source = source.baseAddress else { return }
            let target = unsafe bases[chunk] + offset
            unsafe target.storeBytes(of: header, as: Header.self)
            unsafe (target + Self.headerBytes).copyMemory(
                from: source, byteCount: Int(header.length))
        }
        return Place(rawValue: UInt32(chunk) << Self.unitBits | UInt32(offset / 8))
    }

    @inline(__always)
    private mutating func chunkWithRoom(for size: Int) -> Int {
        if !chunks.isEmpty, chunks[open].used + size <= chunks[open].capacity { return open }
        return addChunk(for: size)
    }

    @inline(never)
    private mutating func addChunk(for size: Int) -> Int {
        // Nothing lies at the very front of the arena: that place is `none`.
        let front = chunks.isEmpty ? 8 : 0
        if size > Self.sharedLimitBytes {
            return add(Chunk(capacity: front + size, used: front))
        }
        while nextChunkBytes < front + size { nextChunkBytes *= 2 }
        open = add(Chunk(capacity: nextChunkBytes, used: front))
        nextChunkBytes = min(nextChunkBytes * 2, Self.chunkLimitBytes)
        return open
    }

    private mutating func add(_ chunk: Chunk) -> Int {
        let index = chunks.count
        invariant(index < Self.chunkCountLimit, "\(index) chunks, \(byteCount) bytes in memory")
        if index == basesCapacity {
            let grown = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: 2 * index)
            unsafe grown.update(from: bases, count: index)
            unsafe bases.deallocate()
            unsafe bases = grown
            basesCapacity = 2 * index
        }
        unsafe (bases + index).initialize(
            to: .allocate(byteCount: chunk.capacity, alignment: MemoryLayout<Header>.alignment))
        chunks.append(chunk)
        capacity += chunk.capacity
        return index
    }

    @inline(__always)
    private func address(_ place: Place) -> UnsafeMutableRawPointer {
        unsafe bases[Int(place.rawValue >> Self.unitBits)]
            + Int(place.rawValue & Self.unitMask) * 8
    }

    /// The header at `place`, which `append` gave.
    @inline(__always)
    func header(_ place: Place) -> Header {
        unsafe address(place).load(as: Header.self)
    }

    /// The record at `place`; valid as long as the arena.
    @unsafe @inline(__always)
    func record(_ place: Place) -> UnsafeRawBufferPointer {
        let start = unsafe address(place)
        let length = unsafe Int(start.load(as: Header.self).length)
        return unsafe UnsafeRawBufferPointer(start: start + Self.headerBytes, count: length)
    }

    /// Notes that the record of `sequence` is a newer one of the same key.
    mutating func shadow(_ place: Place, by sequence: UInt32) {
        var header = header(place)
        header.shadowed = sequence
        unsafe address(place).storeBytes(of: header, as: Header.self)
    }

    /// Calls `body` with every entry's place, chunk by chunk; O(records), for `checkInvariants`.
    func forEach(_ body: (Place) -> Void) {
        for (index, chunk) in chunks.enumerated() {
            var offset = index == 0 ? 8 : 0
            while offset < chunk.used {
                let place = Place(rawValue: UInt32(index) << Self.unitBits | UInt32(offset / 8))
                body(place)
                offset += (Self.headerBytes + Int(header(place).length) + 7) & ~7
            }
            invariant(
                offset == chunk.used && offset <= chunk.capacity,
                "chunk \(index) ends at \(offset), used \(chunk.used) of \(chunk.capacity)")
        }
    }
}
