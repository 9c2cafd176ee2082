// Memtables into a table of level 0.
internal import MartletBase

enum Flush {
    /// Writes what `layers`, newest first, hold of the newest records; nothing where they held no
    /// more than drops. O(records log records).
    static func run(
        _ layers: [Layer], into output: inout TableOutput, _ takeNumber: () -> UInt64
    ) throws(DiskError) {
        var cursors = layers.map { LayerCursor($0, before: nil, spaces: StorageKey.Space.allCases) }
        var merge = Merge(sources: layers.count)
        while true {
            let step: Merge.Step
            do { step = try merge.next() } catch { preconditionFailure("a memtable: \(error)") }
            switch step {
            case .end: return
            case .needsBlock(let source): merge.supply(cursors[source].next(), to: source)
            case .record(let source):
                let record = merge.record(of: source)
                let isHidden = layers[..<source].contains {
                    $0.hides(record.space, record.partition)
                }
                if isHidden { continue }
                let bytes = merge.block(of: source).bytes
                try output.append(
                    record, in: bytes.raw, hash: merge.hash(of: source), takeNumber)
            }
        }
    }

    /// What the manifest learns of it. A drop's own layer holds nothing that it would hide, and
    /// what older layers held of it is not written.
    static func edit(_ layers: [Layer], _ built: [BuiltTable]) -> ManifestEdit {
        var edit = ManifestEdit()
        edit.flushed = layers[0].newest
        edit.added = built.map { Manifest.Placed(level: 0, table: $0.summary) }
        edit.drops = layers.reversed().flatMap(\.drops)
        return edit
    }
}
