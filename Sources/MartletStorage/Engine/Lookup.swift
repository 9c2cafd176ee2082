// The search for one key through the tables, newest first. It stops where a block is in no cache
// and goes on, once that block is brought, from where it stood.
internal import MartletBase

struct Lookup {
    enum Step {
        case found(Bytes)
        case absent
        /// The block of the table is to be brought.
        case needs(Table, block: Int)
        /// The block does not read back.
        case damaged
    }

    let key: StorageKey
    private let rank: Rank
    private let version: Version
    private var level = 0
    /// Of level 0, which table is next.
    private var index = 0
    /// The block of the present table that is next; nil before one is chosen.
    private var block: Int?

    init(_ key: StorageKey, in version: Version) {
        self.key = key
        rank = key.rank
        self.version = version
    }

    /// Searches on, with the block that the last step needed.
    mutating func run(_ cache: BlockCache, brought: Block? = nil) -> Step {
        var brought = brought
        while level < version.levels.count {
            guard let table = candidate(), let number = block ?? firstBlock(of: table) else {
                advance()
                continue
            }
            block = number
            if table.isDamaged(number) { return .damaged }
            guard let present = brought ?? cache.block(number, of: table) else {
                return .needs(table, block: number)
            }
            brought = nil
            switch Self.find(key, in: present) {
            case .absent:
                // Keys of the same rank may go on in the next block.
                if table.map.lastRank(of: number) == rank, number + 1 < table.map.blockCount {
                    block = number + 1
                } else {
                    advance()
                }
            case .deleted: return .absent
            case .found(let value): return .found(value)
            case .damaged: return .damaged
            }
        }
        return .absent
    }

    private enum Finding {
        case found(Bytes)
        case deleted
        case absent
        case damaged
    }

    private static func find(_ key: StorageKey, in block: Block) -> Finding {
        do throws(FormatError) {
            guard let record = try block.find(key) else { return .absent }
            let bytes = block.bytes
            return record.kind == .put ? .found(bytes.raw.copy(record.value)) : .deleted
        } catch {
            return .damaged
        }
    }

    /// The table where the search stands; nil when the level has none for the key.
    private func candidate() -> Table? {
        if level > 0 { return version.table(in: level, at: rank) }
        return index < version.levels[0].count ? version.levels[0][index] : nil
    }

    private func firstBlock(of table: Table) -> Int? {
        guard table.summary.ranks.contains(rank), table.map.mayHold(key),
            !version.hides(table, key.space, key.partition)
        else { return nil }
        return table.map.firstBlock(for: rank)
    }

    private mutating func advance() {
        block = nil
        if level == 0, index + 1 < version.levels[0].count {
            index += 1
        } else {
            level += 1
        }
    }
}
