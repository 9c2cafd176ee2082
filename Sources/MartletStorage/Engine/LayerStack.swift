// How a batch goes into the memtables, the same way when it is written and when the log is
// replayed.
internal import MartletBase

enum LayerStack {
    /// Puts the batch that `reader` holds next, which is number `position` of the log, into the
    /// newest of `layers`, whole; begins a new one before it where that is full, or where a drop
    /// must lie above what it holds. `trees` follow, where there are any. `note` sees every record
    /// that is put or deleted. A batch that is known to hold no drop need not be
    /// searched for one.
    static func apply(
        _ reader: inout ByteReader, at position: LogPosition, to layers: inout [Layer],
        _ trees: TreeSet?, mayDrop: Bool = true, options: StorageOptions, note: (Record) -> Void
    ) throws(FormatError) {
        let drops = mayDrop ? try drops(in: reader) : []
        let isFull = layers[0].memtable.byteCount >= options.flushBytes
        if isFull || drops.contains(where: { layers[0].memtable.holds($0.space, $0.partition) }) {
            seal(&layers, trees, after: position.retreated(by: 1), options: options)
        }
        let bytes = reader.bytes
        let count = try reader.readCount(minimumSize: Record.smallestBytes)
        let layer = layers[0]
        layer.reach(position)
        for _ in 0..<count {
            let change = try reader.readChange()
            let record = change.record
            if record.space == .trees { throw reader.error(.invalid("space")) }
            if !drops.isEmpty, drops.contains(where: { $0.hides(record) }) { continue }
            switch record.kind {
            case .put, .delete:
                let hash = layer.memtable.insert(record, in: bytes.raw)
                if change.replaced != nil { trees?.fold(change, in: bytes.raw, at: hash) }
                note(record)
            case .drop:
                layer.drop(record.space, record.partition)
                if record.space == .objects { trees?.empty(record.partition) }
            }
        }
    }

    /// Puts a batch that the log gives back into `layers`, unless the tables hold it.
    static func replay(
        _ reader: inout ByteReader, at position: LogPosition, isFlushed: Bool,
        to layers: inout [Layer], _ trees: TreeSet?, options: StorageOptions
    ) throws(LogRecovery.BatchFailure) {
        do throws(FormatError) {
            if isFlushed { return try WriteBatch.skip(&reader) }
            try apply(&reader, at: position, to: &layers, trees, options: options) { _ in }
        } catch {
            throw .format(error)
        }
    }

    /// Closes the newest layer, with the trees as they are at its end, and begins the next. All
    /// batches up to `position` are in the trees, and none behind it: where the layer is flushed,
    /// the trees in the tables and those changes in the log that are not in them yet make up the
    /// present.
    static func seal(
        _ layers: inout [Layer], _ trees: TreeSet?, after position: LogPosition,
        options: StorageOptions
    ) {
        trees?.write(into: layers[0].memtable)
        layers.insert(Layer(after: position, options: options), at: 0)
    }

    /// A drop within a batch: what comes before it there is gone too.
    private struct Drop {
        var space: StorageKey.Space
        var partition: UInt16
        var start: Int

        func hides(_ record: Record) -> Bool {
            record.start < start && record.partition == partition && record.space == space
        }
    }

    /// The drops of the next batch.
    private static func drops(in reader: ByteReader) throws(FormatError) -> [Drop] {
        var reader = reader
        var drops: [Drop] = []
        for _ in 0..<(try reader.readCount(minimumSize: Record.smallestBytes)) {
            let record = try reader.readChange().record
            guard record.kind == .drop else { continue }
            guard record.space != .state, record.key.isEmpty else {
                throw reader.error(.invalid("drop"))
            }
            drops.append(
                Drop(space: record.space, partition: record.partition, start: record.start))
        }
        return drops
    }
}
