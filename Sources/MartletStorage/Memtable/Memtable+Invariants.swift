// What a memtable claims about itself, recounted from its records; for tests.
internal import MartletBase

extension Memtable {
    /// Walks every record and every slot; traps at the first that belies a counter, a list or the
    /// index. O(records).
    func checkInvariants() {
        var records = 0
        var bytes = 0
        var newest = 0
        var live = 0
        arena.forEach { place in
            let header = arena.header(place)
            let span = self.bytes(of: place)
            let record = Self.parsed(span)
            invariant(record.end == span.byteCount, "\(record.end) of \(span.byteCount) bytes")
            invariant(record.hash(in: span) == header.hash, "hash of record \(header.sequence)")
            invariant(header.sequence < recordCount, "\(header.sequence) of \(recordCount) records")
            invariant(
                header.shadowed > header.sequence, "\(header.sequence) under \(header.shadowed)")
            records += 1
            bytes += span.byteCount
            guard header.shadowed == RecordArena.unshadowed else { return }
            newest += 1
            live += record.kind == .put ? 1 : 0
            invariant(
                indexed(record, in: span) == place, "record \(header.sequence) is not in the index")
        }
        invariant(records == recordCount, "\(records) records, counted \(recordCount)")
        invariant(bytes == recordBytes, "\(bytes) bytes, counted \(recordBytes)")
        invariant(newest == keyCount, "\(newest) keys, counted \(keyCount)")
        invariant(live == liveCount, "\(live) live keys, counted \(liveCount)")
        checkShelves()
    }

    /// Every record is on the shelf of its partition, behind those that came before it.
    private func checkShelves() {
        var records = 0
        for space in StorageKey.Space.allCases {
            for partition in partitions(of: space) {
                var next: UInt32 = 0
                for place in shelf(space, partition) {
                    let header = arena.header(place)
                    let record = Self.parsed(bytes(of: place))
                    invariant(
                        record.space == space && record.partition == partition
                            && header.sequence >= next,
                        "record \(header.sequence) of \(space)/\(partition), awaited \(next)")
                    next = header.sequence + 1
                    records += 1
                }
            }
        }
        invariant(records == recordCount, "\(records) records on shelves of \(recordCount)")
    }
}
