// Several sorted runs of records as one: what compactions and scans walk. It does no IO; it says
// which source it needs a block of, and whoever drives it fetches the block, at once or later.

//   next ──► record(source)      the newest record of the next key; read it, then call next again
//        ──► needsBlock(source)  call supply(block or nil, to: source), then next again
//        ──► end                 every source is over
internal import MartletBase

/// A merge of sorted sources, of which each one is newer than all behind it.
///
/// Deletes come out like puts; what they hide in older sources does not. A step costs O(sources)
/// comparisons of two words each; only keys of equal hash are compared byte by byte.
struct Merge {
    /// What `next` came to.
    enum Step: Hashable {
        /// `block(of:)` and `record(of:)` of this source hold the next record.
        case record(source: Int)
        /// The source must be supplied before anything else can be said.
        case needsBlock(source: Int)
        /// There are no more records.
        case end
    }

    /// Where in the block supplied a source goes on.
    enum Start: Hashable {
        /// At its first record.
        case first
        /// At the first record whose key is this or comes after it.
        case at(StorageKey)
        /// At the first record whose key comes after this.
        case after(StorageKey)
    }

    /// A source whose block is not what a block must be. The source is left needing its next
    /// block, so that one who wants what can be saved supplies that and goes on.
    struct Damage: Error, Hashable {
        /// The source whose block it is.
        var source: Int
        /// What is wrong, and where in the block.
        var error: FormatError
    }

    private enum State {
        /// The front is the source's next record.
        case ready
        /// The front was given out, or hidden by one that was.
        case spent
        /// A block was supplied and not looked into yet.
        case supplied
        case needsBlock
        case over
    }

    /// Two words that order nearly all records. All ones where a source is over: no rank is.
    private struct Front {
        var rank = UInt64.max
        var hash = UInt64.max
        var state = State.needsBlock
    }

    private struct Source {
        /// The block of `record`.
        var block: Block?
        var record: Record?
        /// The block supplied, when that is not yet `block`.
        var supplied: Block?
        var start = Start.first
    }

    private var fronts: [Front]
    private var sources: [Source]

    /// A merge of `count` sources, all of them in need of a block.
    init(sources count: Int) {
        fronts = Array(repeating: Front(), count: count)
        sources = Array(repeating: Source(), count: count)
    }

    /// The block that holds the record of `source`.
    func block(of source: Int) -> Block {
        guard let block = sources[source].block else { fatalError("source \(source) has no block") }
        return block
    }

    /// The record that `next` found in `source`, laid over the bytes of its block.
    func record(of source: Int) -> Record {
        guard let record = sources[source].record else {
            fatalError("source \(source) has no record")
        }
        return record
    }

    /// The hash of the key of that record.
    func hash(of source: Int) -> UInt64 { fronts[source].hash }

    /// The rank of that record.
    func rank(of source: Int) -> Rank { Rank(rawValue: fronts[source].rank) }

    /// Answers `needsBlock(source)`: the next block of the source and where to begin in it, or nil
    /// when it has no more. Sources may also be supplied before they are asked for, once each.
    mutating func supply(_ block: Block?, to source: Int, from start: Start = .first) {
        invariant(
            fronts[source].state == .needsBlock,
            "a block for source \(source), which is \(fronts[source].state)")
        guard let block else {
            sources[source].block = nil
            fronts[source] = Front(state: .over)
            return
        }
        sources[source].supplied = block
        sources[source].start = start
        fronts[source].state = .supplied
    }

    /// The next record, or what is needed to tell. Fails where a block is damaged or its records
    /// do not ascend.
    mutating func next() throws(Damage) -> Step {
        for source in fronts.indices {
            switch fronts[source].state {
            case .ready, .over: continue
            case .spent: try advance(source)
            case .supplied: try enter(source)
            case .needsBlock: break
            }
            if fronts[source].state == .needsBlock { return .needsBlock(source: source) }
        }
        return takeLeast()
    }

    /// Chooses the least front, the newest of equals, and marks all equals spent.
    private mutating func takeLeast() -> Step {
        var least = 0
        var hasEquals = false
        for source in fronts.indices.dropFirst() {
            let order = order(source, least)
            if order < 0 {
                least = source
                hasEquals = false
            } else if order == 0 {
                hasEquals = true
            }
        }
        guard least < fronts.count, fronts[least].state == .ready else { return .end }
        if hasEquals {
            for source in least + 1..<fronts.count
            where fronts[source].state == .ready && order(source, least) == 0 {
                fronts[source].state = .spent
            }
        }
        fronts[least].state = .spent
        return .record(source: least)
    }

    /// Below 0 where the front of source `left` comes before that of `right`.
    @inline(__always)
    private func order(_ left: Int, _ right: Int) -> Int {
        let (mine, theirs) = (fronts[left], fronts[right])
        if mine.rank != theirs.rank { return mine.rank < theirs.rank ? -1 : 1 }
        if mine.hash != theirs.hash { return mine.hash < theirs.hash ? -1 : 1 }
        return orderOfKeys(left, right)
    }

    private func orderOfKeys(_ left: Int, _ right: Int) -> Int {
        guard let mine = sources[left].record, let myBlock = sources[left].block,
            let theirs = sources[right].record, let theirBlock = sources[right].block
        else { return 0 }
        return Self.order(mine, in: myBlock, theirs, in: theirBlock)
    }

    /// The order of two records with equal ranks and hashes.
    private static func order(
        _ left: Record, in leftBlock: Block, _ right: Record, in rightBlock: Block
    ) -> Int {
        let (mine, theirs) = (leftBlock.bytes, rightBlock.bytes)
        let keys = mine.raw.extracting(left.key).order(against: theirs.raw.extracting(right.key))
        if keys != 0 { return keys }
        return left.owner == right.owner ? 0 : left.owner < right.owner ? -1 : 1
    }

    // MARK: Moving a source

    /// Moves `source` to the record behind its present one.
    private mutating func advance(_ source: Int) throws(Damage) {
        guard let block = sources[source].block, let last = sources[source].record else {
            fronts[source].state = .needsBlock
            return
        }
        if last.end < block.recordsEnd {
            try settle(source, block, at: last.end)
        } else {
            fronts[source].state = .needsBlock
        }
    }

    /// Moves `source` into the block supplied.
    private mutating func enter(_ source: Int) throws(Damage) {
        guard let block = sources[source].supplied else { return }
        sources[source].supplied = nil
        let offset: Int
        do {
            offset = try Self.offset(of: sources[source].start, in: block)
        } catch {
            throw damage(source, error)
        }
        if offset < block.recordsEnd {
            try settle(source, block, at: offset)
        } else {
            fronts[source].state = .needsBlock
        }
    }

    private static func offset(of start: Start, in block: Block) throws(FormatError) -> Int {
        switch start {
        case .first: return 0
        case .at(let key): return try block.lowerBound(key)
        case .after(let key):
            let offset = try block.lowerBound(key)
            guard offset < block.recordsEnd else { return offset }
            let bytes = block.bytes
            let record = try block.record(at: offset)
            return record.isAbout(key, in: bytes.raw) ? record.end : offset
        }
    }

    /// Makes the record at `offset` of `block` the front of `source`, if it comes after the last.
    private mutating func settle(
        _ source: Int, _ block: Block, at offset: Int
    ) throws(Damage) {
        let bytes = block.bytes
        let record: Record
        do {
            record = try Record(in: bytes.raw.extracting(0..<block.recordsEnd), at: offset)
        } catch {
            throw damage(source, error)
        }
        guard record.kind.isOfEntry else {
            throw damage(source, FormatError(.invalid("kind of record"), at: offset))
        }
        let hash = record.hash(in: bytes.raw)
        let rank = Rank(space: record.space, partition: record.partition, hash: hash).rawValue
        if let last = sources[source].record, let lastBlock = sources[source].block {
            let front = fronts[source]
            let ascends =
                front.rank != rank
                ? front.rank < rank
                : front.hash != hash
                    ? front.hash < hash
                    : Self.order(last, in: lastBlock, record, in: block) < 0
            guard ascends else {
                throw damage(source, FormatError(.invalid("order of records"), at: offset))
            }
        }
        if sources[source].block !== block { sources[source].block = block }
        sources[source].record = record
        fronts[source] = Front(rank: rank, hash: hash, state: .ready)
    }

    /// Leaves `source` behind its damaged block.
    private mutating func damage(_ source: Int, _ error: FormatError) -> Damage {
        fronts[source].state = .needsBlock
        return Damage(source: source, error: error)
    }
}
