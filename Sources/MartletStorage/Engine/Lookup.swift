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
    /// The blocks of the present table that may hold the key; nil before they are known.
    private var blocks: Range<Int>?

    init(_ key: StorageKey, in version: Version) {
        self.key = key
        rank = key.rank
        self.version = version
    }

    /// Searches on, with the block that the last step needed.
    mutating func run(_ cache: BlockCache, brought: Block? = nil) -> Step {
        var brought = brought
        while level < version.levels.count {
            guard let table = candidate(), let range = blocks ?? blocks(of: table),
                !range.isEmpty
            else {
                advance()
                continue
            }
            blocks = range
            // One block, unless a rank goes on through several: those are halved.
            let number = (range.lowerBound + range.upperBound) / 2
            if table.isDamaged(number) { return .damaged }
            guard let present = brought ?? cache.block(number, of: table) else {
                return .needs(table, block: number)
            }
            brought = nil
            switch find(in: present, among: range.count == 1 ? table.ranks(of: number) : nil) {
            case .absent: advance()
            case .before: blocks = range.lowerBound..<number
            case .after: blocks = number + 1..<range.upperBound
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
        /// Another block may hold it, one that comes before.
        case before
        /// Or one that comes after.
        case after
        case damaged
    }

    /// Looks into the one block, of these ranks, that may hold the key; or, without ranks, into one
    /// of several.
    private func find(in block: Block, among ranks: ClosedRange<Rank>?) -> Finding {
        do throws(FormatError) {
            if let ranks {
                return try block.find(key, among: ranks).map { finding($0, in: block) } ?? .absent
            }
            switch try block.search(key) {
            case .found(let record): return finding(record, in: block)
            case .absent: return .absent
            case .before: return .before
            case .after: return .after
            }
        } catch {
            return .damaged
        }
    }

    private func finding(_ record: Record, in block: Block) -> Finding {
        let bytes = block.bytes
        return record.kind == .put ? .found(bytes.raw.copy(record.value)) : .deleted
    }

    /// The table where the search stands; nil when the level has none for the key.
    private func candidate() -> Table? {
        if level > 0 { return version.table(in: level, at: rank) }
        return index < version.levels[0].count ? version.levels[0][index] : nil
    }

    private func blocks(of table: Table) -> Range<Int>? {
        guard table.summary.ranks.contains(rank), table.map.mayHold(key),
            !version.hides(table, key.space, key.partition)
        else { return nil }
        return table.map.blocks(for: rank)
    }

    private mutating func advance() {
        blocks = nil
        if level == 0, index + 1 < version.levels[0].count {
            index += 1
        } else {
            level += 1
        }
    }
}
