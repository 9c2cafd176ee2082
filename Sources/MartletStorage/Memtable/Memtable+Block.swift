// Sorting: one partition of a memtable, as it was at some mark, as a block of ascending records.
internal import MartletBase

extension Memtable {
    /// The newest record of each key of the partition among those inserted before `mark` (all of
    /// them when it is nil), ascending; only keys with `hashes`, or all when that is nil. Nil when
    /// there are none. The block is the caller's own. O(n log n) in the records of the partition,
    /// shadowed ones included.
    func block(
        _ space: StorageKey.Space, _ partition: UInt16, before mark: Mark? = nil,
        hashes: ClosedRange<UInt64>? = nil
    ) -> Block? {
        let places = sortedPlaces(
            shelf(space, partition), before: mark, hashes: hashes ?? 0...UInt64.max)
        guard !places.isEmpty else { return nil }
        var builder = BlockBuilder()
        for place in places {
            let record = bytes(of: place)
            builder.append(record, 0..<record.byteCount)
        }
        do {
            return try Block(builder.take())
        } catch {
            invariant(false, "a block of \(places.count) records in memory is bent: \(error)")
            preconditionFailure()
        }
    }

    /// The records that count at `mark`, by hash, key and owner. Each is a word while it is
    /// sorted: the upper half of its hash over its place.
    private func sortedPlaces(
        _ shelf: [RecordArena.Place], before mark: Mark?, hashes: ClosedRange<UInt64>
    ) -> [RecordArena.Place] {
        let end = mark?.recordCount ?? RecordArena.unshadowed
        var words: [UInt64] = []
        words.reserveCapacity(shelf.count)
        for place in shelf {
            let header = arena.header(place)
            if header.sequence < end, header.shadowed >= end, hashes.contains(header.hash) {
                words.append(header.hash & ~0xFFFF_FFFF | UInt64(place.rawValue))
            }
        }
        words.sort()
        var places = words.map { RecordArena.Place(rawValue: UInt32(truncatingIfNeeded: $0)) }
        sortTies(&places, words)
        return places
    }

    /// Sorts the runs that share the upper half of their hash by all that orders keys.
    private func sortTies(_ places: inout [RecordArena.Place], _ words: [UInt64]) {
        var start = 0
        for index in 1..<max(1, words.count) {
            if words[index] >> 32 != words[start] >> 32 {
                if index - start > 1 { sortTie(&places, start..<index) }
                start = index
            }
        }
        if words.count - start > 1 { sortTie(&places, start..<words.count) }
    }

    private func sortTie(_ places: inout [RecordArena.Place], _ range: Range<Int>) {
        places[range].sort { left, right in
            let hashes = (arena.header(left).hash, arena.header(right).hash)
            if hashes.0 != hashes.1 { return hashes.0 < hashes.1 }
            let spans = (bytes(of: left), bytes(of: right))
            let records = (Self.parsed(spans.0), Self.parsed(spans.1))
            let keys = spans.0.extracting(records.0.key)
                .order(against: spans.1.extracting(records.1.key))
            return keys == 0 ? records.0.owner < records.1.owner : keys < 0
        }
    }
}
