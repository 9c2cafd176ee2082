// Reading: memtables, what loads have brought, then the tables by way of the block cache.
internal import MartletBase

extension StorageEngine {
    /// What `key` holds: every accepted batch is visible at once. O(levels), no IO.
    public func get(_ key: StorageKey) -> ReadOutcome {
        if key.space == .state { return state[key].map { .found($0) } ?? .absent }
        if let outcome = Self.find(key, in: layers) { return outcome }
        if let outcome = reads.outcome(of: key) { return outcome }
        var lookup = Lookup(key, in: version)
        switch lookup.run(cache) {
        case .found(let value): return .found(value)
        case .absent: return .absent
        case .needs: return .notLoaded
        case .damaged: return .damaged
        }
    }

    /// What `layers`, newest first, say of `key`; nil where that is nothing.
    static func find(_ key: StorageKey, in layers: [Layer]) -> ReadOutcome? {
        for layer in layers {
            switch layer.memtable.find(key) {
            case .value(let value): return .found(value)
            case .deleted: return .absent
            case nil: if layer.hides(key.space, key.partition) { return .absent }
            }
        }
        return nil
    }

    /// Sees to it that `get` can answer for `keys`; the reads go out with `takeReads`. Until a
    /// pending load is released nobody else may write the keys, nor drop their partition.
    public func load(
        _ keys: [StorageKey], for owner: ReadOwner = .inspection
    ) -> LoadOutcome {
        var missing: [(lookup: Lookup, table: Table, block: Int)] = []
        // What can be had now is held too: when the rest has come, it may be in no cache any more.
        var present: [(key: StorageKey, outcome: ReadOutcome)] = []
        for key in keys where key.space != .state && Self.find(key, in: layers) == nil {
            if let outcome = reads.outcome(of: key) {
                present.append((key, outcome))
                continue
            }
            var lookup = Lookup(key, in: version)
            switch lookup.run(cache) {
            case .needs(let table, let block): missing.append((lookup, table, block))
            case .found(let value): present.append((key, .found(value)))
            case .absent: present.append((key, .absent))
            case .damaged: present.append((key, .damaged))
            }
        }
        if missing.isEmpty { return .ready }
        guard reads.count < options.readLimit else { return .refused }
        let ticket = reads.newTicket(for: owner)
        reads.begin(ticket, missing.map(\.lookup.key) + present.map(\.key))
        for (key, outcome) in present { reads.end(ticket, key, outcome) }
        for (lookup, table, block) in missing {
            reads.wait(.lookup(lookup, ticket), for: block, of: table)
        }
        return .pending(ticket)
    }

    /// Ends a load that has completed: its keys need no longer be got.
    public func release(_ ticket: ReadTicket) { reads.release(ticket) }

    /// Entries of `space` in `partitions`, ascending, starting after `cursor`, about `limitBytes`
    /// of them but at least one. To go on, pass the page's `next` as the cursor: nothing comes
    /// twice. A page shows `snapshot`, or without one the present: what is written between two
    /// pages is then seen where it lies ahead. With `hashes`, which takes `partitions` of one, it
    /// shows only keys with those, and reads only the blocks that may hold them.
    public func scan(
        _ space: StorageKey.Space, partitions: ClosedRange<UInt16> = 0...UInt16.max,
        hashes: ClosedRange<UInt64>? = nil, after cursor: StorageKey? = nil, limitBytes: Int,
        in snapshot: StorageSnapshot? = nil, for owner: ReadOwner = .inspection
    ) -> ScanOutcome {
        guard reads.count < options.readLimit else { return .refused }
        let range = Scan.Range(
            space: space, partitions: partitions, hashes: hashes, cursor: cursor,
            limitBytes: limitBytes)
        let scan = Scan(snapshot?.view ?? view(), range)
        let ticket = reads.newTicket(for: owner)
        switch scan.run(cached) {
        case .page(let page): return .page(page)
        case .needs(let table, let block):
            reads.beginScan()
            reads.wait(.scan(scan, ticket), for: block, of: table)
        case .damaged:
            reads.beginScan()
            reads.end(ticket, .damaged)
        }
        return .pending(ticket)
    }

    /// As `get`, but it reads from the disk what is in no cache, and blocks: for checkers. What
    /// does not read back is damaged.
    public func getNow(_ key: StorageKey) -> ReadOutcome {
        let outcome = get(key)
        guard case .notLoaded = outcome else { return outcome }
        var lookup = Lookup(key, in: version)
        var step = lookup.run(cache)
        while case .needs(let table, let block) = step {
            let id = BlockRead.BlockID(table: table.summary.number, index: block)
            switch BlockRead(id: id, map: table.map).run(files).result {
            case .success(let block): step = lookup.run(cache, brought: block)
            case .failure: return .damaged
            }
        }
        switch step {
        case .found(let value): return .found(value)
        case .absent: return .absent
        case .damaged, .needs: return .damaged
        }
    }

    /// As `scan`, but it reads from the disk what is in no cache, and blocks: for start-up, tools
    /// and checkers.
    public func scanNow(
        _ space: StorageKey.Space, partitions: ClosedRange<UInt16> = 0...UInt16.max,
        hashes: ClosedRange<UInt64>? = nil, after cursor: StorageKey? = nil,
        limitBytes: Int = 1 << 20,
        in snapshot: StorageSnapshot? = nil
    ) throws(StorageError) -> ScanPage {
        let range = Scan.Range(
            space: space, partitions: partitions, hashes: hashes, cursor: cursor,
            limitBytes: limitBytes)
        let scan = Scan(snapshot?.view ?? view(), range)
        var step = scan.run(cached)
        while case .needs(let table, let block) = step {
            let id = BlockRead.BlockID(table: table.summary.number, index: block)
            switch BlockRead(id: id, map: table.map).run(files).result {
            case .success(let block): step = scan.run(cached, brought: block)
            case .failure(let error): throw .table(error)
            }
        }
        guard case .page(let page) = step else { throw .damagedRange }
        return page
    }

    private func cached(_ table: Table, _ block: Int) -> Block? { cache.block(block, of: table) }

    /// Everything as it is now.
    func view() -> StorageView {
        StorageView(
            layers: layers.enumerated().map { index, layer in
                StorageView.Part(layer, before: index == 0 ? layer.memtable.mark : nil)
            }, version: version)
    }

    // MARK: What the shell brings

    /// Blocks to be read, for threads that may block; each is answered with `readsAnswered`.
    public func takeReads() -> [BlockRead] {
        let reads = reads.takeOutgoing()
        counts.blockReads += UInt64(reads.count)
        return reads
    }

    /// Takes in blocks, and goes on with the reads that waited for them.
    public func readsAnswered(_ answers: [BlockAnswer]) {
        for answer in answers {
            let readers = reads.takeWaiting(for: answer.id)
            switch answer.result {
            case .success(let block):
                if let table = version.tables[answer.id.table] {
                    cache.insert(block, answer.id.index, of: table)
                }
                for reader in readers { resume(reader, brought: block) }
            case .failure(let error):
                noteDamage(error, answer.id)
                for reader in readers { fail(reader) }
            }
        }
    }

    /// Whether some of the reads that have completed were not taken yet.
    public var hasCompletedReads: Bool { reads.hasCompleted }

    /// The reads that have completed since the last call, in order of completion; each is for the
    /// owner of its ticket. A read that meets damage at once is complete before any block has come.
    public func takeCompleted() -> [CompletedRead] { reads.takeCompleted() }

    private func resume(_ reader: PendingReads.Reader, brought: Block) {
        switch reader {
        case .lookup(let lookup, let ticket): resume(lookup, ticket, brought: brought)
        case .scan(let scan, let ticket):
            switch scan.run(cached, brought: brought) {
            case .page(let page): reads.end(ticket, .page(page))
            case .needs(let table, let block): reads.wait(reader, for: block, of: table)
            case .damaged: reads.end(ticket, .damaged)
            }
        }
    }

    private func resume(_ lookup: Lookup, _ ticket: ReadTicket, brought: Block?) {
        var lookup = lookup
        switch lookup.run(cache, brought: brought) {
        case .found(let value): reads.end(ticket, lookup.key, .found(value))
        case .absent: reads.end(ticket, lookup.key, .absent)
        case .needs(let table, let block):
            reads.wait(.lookup(lookup, ticket), for: block, of: table)
        case .damaged: reads.end(ticket, lookup.key, .damaged)
        }
    }

    private func fail(_ reader: PendingReads.Reader) {
        switch reader {
        case .lookup(let lookup, let ticket): reads.end(ticket, lookup.key, .damaged)
        case .scan(_, let ticket): reads.end(ticket, .damaged)
        }
    }
}
