// The trees that a node's tables hold, brought into memory before the log is replayed on them. What
// does not read back makes trees unknown; it never keeps a node from starting.
internal import MartletBase

extension TreeSet {
    /// A block that did not read back, and why.
    typealias Unread = (block: BlockRead.BlockID, error: TableError)

    /// Takes in the trees that the tables of `version` hold. Fails only where the disk refuses for
    /// another reason than loss. Blocks; O(trees).
    func load(_ version: Version, _ files: OpenFiles) throws(StorageError) -> [Unread] {
        let view = StorageView(layers: [], version: version)
        var unread: [Unread] = []
        // Trees come last in a table.
        let highest = version.tables.values.map(\.summary.highest).max() ?? .lowest
        var ahead: [ClosedRange<UInt16>] = []
        if highest >= Rank.all(of: .trees, 0).lowerBound {
            ahead.append(0...RankPlace(highest).partition)
        }
        while let partitions = ahead.popLast() {
            guard let lost = try load(partitions, view, files, &unread) else { continue }
            forget(lost)
            if partitions.lowerBound < lost.lowerBound {
                ahead.append(partitions.lowerBound...lost.lowerBound - 1)
            }
            if lost.upperBound < partitions.upperBound {
                ahead.append(lost.upperBound + 1...partitions.upperBound)
            }
        }
        forgetLost()
        return unread
    }

    /// Takes in those of `partitions`; stops at the first block that does not read back, and
    /// returns the partitions of which it may hold the trees.
    private func load(
        _ partitions: ClosedRange<UInt16>, _ view: StorageView, _ files: OpenFiles,
        _ unread: inout [Unread]
    ) throws(StorageError) -> ClosedRange<UInt16>? {
        var cursor: StorageKey?
        repeat {
            let scan = Scan(
                view,
                Scan.Range(
                    space: .trees, partitions: partitions, cursor: cursor,
                    limitBytes: Self.pageBytes))
            var step = scan.run { _, _ in nil }
            while case .needs(let table, let index) = step {
                let id = BlockRead.BlockID(table: table.summary.number, index: index)
                switch BlockRead(id: id, map: table.map).run(files).result {
                case .success(let block): step = scan.run({ _, _ in nil }, brought: block)
                case .failure(let error):
                    if case .disk(let refusal) = error, !refusal.isLossOfData {
                        throw .table(error)
                    }
                    unread.append((id, error))
                    let range = DamagedRange(file: "", ranks: table.ranks(of: index), reason: "")
                    return range.partitions(of: .trees)?.clamped(to: partitions) ?? partitions
                }
            }
            // A block that reads back and is none: which one is not known.
            guard case .page(let page) = step else { return partitions }
            for entry in page.entries { restore(entry.value, of: entry.key.partition) }
            cursor = page.next
        } while cursor != nil
        return nil
    }

    /// Bytes of trees that are read at a time.
    private static let pageBytes = 256 << 10
}
