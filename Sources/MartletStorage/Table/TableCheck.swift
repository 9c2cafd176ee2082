// Reading every byte of a table and comparing all that it says of itself: what scrubs and
// `martlet storage verify` do. It changes nothing and stops at no damage.
internal import MartletBase

/// What a table really holds, and what is wrong with it.
struct TableCheck {
    /// One thing that is wrong.
    struct Damage: Hashable {
        /// Where the damaged part begins in the file.
        var offset: Int
        /// What is wrong with it.
        var reason: FormatError.Reason
    }

    /// What the footer says, where it is intact.
    private(set) var summary: TableSummary?
    /// Intact blocks.
    private(set) var blockCount = 0
    /// Of these, those that are compressed.
    private(set) var compressedCount = 0
    /// The records in intact blocks that put.
    private(set) var putCount = 0
    /// The records in intact blocks that delete.
    private(set) var deleteCount = 0
    /// What these records take, in bytes.
    private(set) var recordBytes = 0
    /// What intact blocks take in the file, in bytes.
    private(set) var storedBytes = 0
    /// What intact blocks take before compression, in bytes.
    private(set) var rawBytes = 0
    /// What is wrong, in the order of the file; the first `damageLimit`.
    private(set) var damage: [Damage] = []
    /// How many things are wrong.
    private(set) var damageCount = 0

    private var last: StorageKey?
    private var nextBlock = 0

    /// How many things that are wrong are told one by one.
    static let damageLimit = 1000

    /// How much smaller compression made the blocks; 1 where there are none.
    var compressionRatio: Double {
        storedBytes > 0 ? Double(rawBytes) / Double(storedBytes) : 1
    }

    /// Whether nothing is wrong.
    var isIntact: Bool { damageCount == 0 }

    /// Reads all of table `number` in `file`. Fails only where the disk does.
    init(_ file: any DiskFile, number: UInt64) throws(TableError) {
        let named = try noting { () throws(TableError) in try TableReader.readHeader(file) }
        if let named, named != number { note(.invalid("table number"), at: 0) }
        let footer = try noting { () throws(TableError) in
            try TableReader.readFooter(file, number: number)
        }
        summary = footer?.summary
        var map: TableMap?
        if let footer {
            map = try noting { () throws(TableError) in try TableReader.readMap(file, footer) }
        }
        var walk = try TableWalk(file, number: number, footer: footer, map: map)
        while let (offset, piece) = try walk.next() { take(piece, at: offset, map) }
        if let footer, damageCount == 0 { compare(with: footer) }
        damage.sort { $0.offset < $1.offset }
    }

    private mutating func noting<Value>(
        _ read: () throws(TableError) -> Value
    ) throws(TableError) -> Value? {
        do {
            return try read()
        } catch {
            guard case .damaged(_, let offset, let reason) = error else { throw error }
            note(reason, at: offset)
            return nil
        }
    }

    private mutating func note(_ reason: FormatError.Reason, at offset: Int) {
        // Index and filter are read twice, before the walk and by it.
        if damage.prefix(3).contains(where: { $0.offset == offset }) { return }
        damageCount += 1
        if damage.count < Self.damageLimit { damage.append(Damage(offset: offset, reason: reason)) }
    }

    private mutating func take(_ piece: TableWalk.Piece, at offset: Int, _ map: TableMap?) {
        switch piece {
        case .damaged(let reason): note(reason, at: offset)
        case .other: return
        case .records(let block, let section):
            blockCount += 1
            if section.isCompressed { compressedCount += 1 }
            storedBytes += section.stored
            rawBytes += section.raw
            do {
                try count(block, at: offset, map)
            } catch {
                note(error.reason, at: offset)
            }
        }
    }

    private mutating func count(
        _ block: Block, at offset: Int, _ map: TableMap?
    ) throws(FormatError) {
        let bytes = block.bytes
        var edges: (first: Record, last: Record)?
        var isInFilter = true
        var (puts, deletes, length) = (0, 0, 0)
        try block.verify { record, hash in
            if record.kind == .put { puts += 1 } else { deletes += 1 }
            length += record.range.count
            edges = (edges?.first ?? record, record)
            if let map, !map.mayHold(record, hash: hash) { isInFilter = false }
        }
        (putCount, deleteCount) = (putCount + puts, deleteCount + deletes)
        recordBytes += length
        guard let edges else { return }
        let isBehind = last.map { edges.first.order(in: bytes.raw, against: $0) > 0 } ?? true
        last = edges.last.storageKey(in: bytes.raw)
        guard isBehind else { throw FormatError(.invalid("order of blocks"), at: 0) }
        guard isInFilter else { throw FormatError(.invalid("filter: lacks a key"), at: 0) }
        if let map {
            while nextBlock < map.blockCount, map.offset(of: nextBlock) < offset { nextBlock += 1 }
            guard nextBlock < map.blockCount, map.offset(of: nextBlock) == offset,
                map.lastRank(of: nextBlock) == last?.rank
            else { throw FormatError(.invalid("index: differs from the block"), at: 0) }
        }
        if let summary, !summary.ranks.contains(edges.first.storageKey(in: bytes.raw).rank) {
            throw FormatError(.invalid("footer: lowest rank"), at: 0)
        }
    }

    private mutating func compare(with footer: TableFooter) {
        let summary = footer.summary
        if summary.blockCount != blockCount || summary.putCount != putCount
            || summary.deleteCount != deleteCount || summary.recordBytes != recordBytes
            || summary.highest != last?.rank
        {
            note(.invalid("footer: differs from the blocks"), at: footer.offset)
        }
    }
}
