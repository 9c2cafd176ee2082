// The partitions that this shard is to become a home of, and how far each is filled.
//
//     a move names this node ─► something of an earlier time is held here? ─► clearing ─► dropped
//              └ nothing is ─────────────────────────────────────────────► filling ◄────┘
//     filling: a pass over each former home that is reachable, a majority at the least ─► synced
//          ─► filled, until the ring says that the move has ended, or goes elsewhere
//
// Each step is written down behind what it rests on: a restart goes on, and never counts what it
// lacks.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// One partition that is to be filled.
struct Fill {
    enum Stage: Hashable {
        /// What is held of an earlier time is handed back first, and dropped.
        case clearing
        case filling
        /// All passes are through, which the log holds up to there.
        case filled(LogPosition)
    }

    let partition: UInt16
    let since: UInt64
    /// How many passes are to be through.
    let needed: Int
    var stage: Stage
    /// One over each former home but this one, in their order.
    var passes: [Pass]
    /// Whether the node knows that it is filled.
    var isTold = false
    /// Whether the present state is still to be written down.
    var isUnwritten = true
    /// Bytes that have come since it was last.
    var unwrittenBytes = 0

    init(_ partition: UInt16, _ view: PartitionView, _ stage: Stage, local: NodeID) {
        self.partition = partition
        since = view.since
        let majority = view.former.count / 2 + 1
        needed = majority - (view.former.contains(local) ? 1 : 0)
        self.stage = stage
        passes = view.former.filter { $0 != local }
            .map { Pass(partition: partition, source: $0, epoch: view.since) }
    }

    /// Whether a pass waits for an answer or a merge.
    var busy: Int? { passes.firstIndex(where: \.isBusy) }
    var throughCount: Int { passes.count(where: \.isThrough) }

    /// Whether enough is through, and nothing that can be is not.
    func isComplete(_ here: Standpoint) -> Bool {
        throughCount >= needed
            && passes.allSatisfy {
                $0.isThrough || $0.isGivenUp || !here.isReachable($0.source)
            }
    }

    var record: FillRecord {
        let stage: FillRecord.Stage =
            switch stage {
            case .clearing: .clearing
            case .filling: .filling
            case .filled: .filled
            }
        let begun = passes.filter(\.isBegun)
        return FillRecord(
            since: since, stage: stage,
            passes: begun.map { pass in
                .init(source: pass.source, hash: pass.isThrough ? nil : pass.position.hash)
            })
    }

    /// Takes in what was written down of it.
    mutating func recall(_ record: FillRecord, in engine: StorageEngine) {
        stage =
            switch record.stage {
            case .clearing: .clearing
            case .filling: .filling
            case .filled: .filled(engine.appended)
            }
        for progress in record.passes {
            guard let index = passes.firstIndex(where: { $0.source == progress.source }) else {
                continue
            }
            passes[index] = Pass(
                partition: partition, source: progress.source, epoch: since,
                recalled: progress.hash)
        }
        isUnwritten = false
    }
}

/// The fills of one shard.
struct Filling {
    /// By ascending partition.
    private(set) var fills: [Fill] = []
    /// The ring by which they are.
    private var epoch: UInt64 = 0
    /// Partitions of which a record is void, and is still to be deleted.
    private var void: [UInt16] = []
    private(set) var counters = HandoverCounters()

    // MARK: The ring

    /// What is to be filled now. What did not change goes on.
    mutating func topologyChanged(_ here: Standpoint) {
        guard let topology = here.topology else { return }
        let former = fills
        fills = []
        void = []
        for partition in here.served {
            let view = topology.view(of: Partition(index: partition))
            let old = Self.find(partition, in: former)
            let record = FillRecord(of: partition, in: here.engine)
            guard view.filling.contains(here.local) else {
                // One of a newer ring, which is not known again yet, may be needed.
                if let record, record.since <= topology.epoch { void.append(partition) }
                continue
            }
            if let old, old.since == view.since {
                fills.append(old)
            } else if old == nil, let record, record.since == view.since {
                var fill = Fill(partition, view, .filling, local: here.local)
                fill.recall(record, in: here.engine)
                counters.marks.occurred(.fillRecalled)
                fills.append(fill)
            } else {
                fills.append(begin(partition, view, after: old, here))
            }
        }
        counters.marks.occurred(.fillVoid, if: !void.isEmpty)
        epoch = topology.epoch
        writeDown(here)
    }

    /// A move that is seen for the first time.
    private mutating func begin(
        _ partition: UInt16, _ view: PartitionView, after old: Fill?, _ here: Standpoint
    ) -> Fill {
        counters.marks.occurred(.fillVoid, if: old != nil)
        // Without a break between two rings what is held here has missed no removal.
        let isContinued =
            old.map { $0.stage != .clearing && here.topology?.epoch == epoch + 1 } ?? false
        counters.marks.occurred(.fillContinued, if: isContinued)
        let isClean =
            isContinued || view.former.contains(here.local) || here.isEmpty(partition)
        counters.marks.occurred(.clearingBegun, if: !isClean)
        return Fill(partition, view, isClean ? .filling : .clearing, local: here.local)
    }

    private static func find(_ partition: UInt16, in fills: [Fill]) -> Fill? {
        let index = fills.partitionIndex { $0.partition < partition }
        return index < fills.count && fills[index].partition == partition ? fills[index] : nil
    }

    func fill(of partition: UInt16) -> Fill? { Self.find(partition, in: fills) }

    private func index(of partition: UInt16) -> Int? {
        let index = fills.partitionIndex { $0.partition < partition }
        return index < fills.count && fills[index].partition == partition ? index : nil
    }

    /// The storage has lost some of these partitions: what was proven of them is not so.
    mutating func damageFound(
        in partitions: [UInt16], _ here: Standpoint, into effects: inout [HandoverEffect]
    ) {
        var batch = WriteBatch()
        for partition in partitions {
            guard let index = index(of: partition), let view = here.view(of: partition) else {
                // The ring may not be known yet. What was proven is not so, whatever it says.
                if let record = FillRecord(of: partition, in: here.engine)?.begun {
                    batch.put(FillRecord.key(partition), record.bytes)
                }
                continue
            }
            if fills[index].stage == .clearing { continue }
            counters.marks.occurred(.fillDamaged)
            if fills[index].isTold { effects.append(.filled) }
            fills[index] = Fill(partition, view, .filling, local: here.local)
        }
        if (try? here.engine.write(batch)) == nil { counters.marks.occurred(.recordRefused) }
        writeDown(here)
    }

    // MARK: Writing down

    /// Writes down what is not yet, and deletes what is void, in one batch.
    private mutating func writeDown(_ here: Standpoint) {
        var batch = WriteBatch()
        for fill in fills where fill.isUnwritten {
            batch.put(FillRecord.key(fill.partition), fill.record.bytes)
        }
        for partition in void { batch.delete(FillRecord.key(partition)) }
        if batch.isEmpty { return }
        guard (try? here.engine.write(batch)) != nil else {
            // What is forgotten by a crash is done again.
            counters.marks.occurred(.recordRefused)
            return
        }
        void = []
        for index in fills.indices where fills[index].isUnwritten {
            fills[index].isUnwritten = false
            fills[index].unwrittenBytes = 0
        }
    }

    // MARK: Answers

    /// A source answers. Bytes that have come.
    mutating func chunkReceived(
        _ chunk: HandoverChunk, from source: NodeID, _ here: Standpoint, at now: Instant,
        into effects: inout [HandoverEffect]
    ) -> Int? {
        guard let (index, pass) = awaiting(chunk.number, of: chunk.partition, from: source) else {
            return nil
        }
        switch fills[index].passes[pass].take(chunk, here) {
        case .merge(let entries):
            counters.objectsReceived += UInt64(entries.count)
            effects.append(
                .merge(entries, Partition(index: chunk.partition), number: chunk.number))
        case .empty: advanced(index, pass, by: 0, here)
        case .unreadable:
            counters.marks.occurred(.chunkUnreadable)
            fills[index].passes[pass].fail(.bent, here.options, at: now)
        }
        counters.chunksReceived += 1
        counters.bytesReceived += UInt64(chunk.payload.count)
        return chunk.payload.count
    }

    /// A source refuses.
    mutating func refused(
        _ refusal: HandoverRefusal, from source: NodeID, _ here: Standpoint, at now: Instant
    ) {
        if let (index, pass) = awaiting(refusal.number, of: refusal.partition, from: source) {
            fills[index].passes[pass].fail(refusal.cause, here.options, at: now)
        }
    }

    /// A chunk is in the log, or is not. Whether it was of a fill.
    mutating func merged(
        _ number: UInt64, isComplete: Bool, _ here: Standpoint, at now: Instant
    ) -> Bool {
        for index in fills.indices {
            guard let pass = fills[index].busy, fills[index].passes[pass].number == number,
                case .merging = fills[index].passes[pass].step
            else { continue }
            if isComplete {
                let bytes = fills[index].passes[pass].merged()
                advanced(index, pass, by: bytes, here)
            } else {
                counters.marks.occurred(.mergeIncomplete)
                fills[index].passes[pass].fail(.overload, here.options, at: now)
            }
            return true
        }
        return false
    }

    /// What a fill has waited for is read. Whether one has.
    mutating func readCompleted(_ read: CompletedRead) -> Bool {
        for index in fills.indices {
            guard let pass = fills[index].busy,
                fills[index].passes[pass].step == .reading(read.ticket)
            else { continue }
            fills[index].passes[pass].readCompleted(read.result)
            return true
        }
        return false
    }

    private mutating func advanced(
        _ index: Int, _ pass: Int, by bytes: Int, _ here: Standpoint
    ) {
        fills[index].unwrittenBytes += bytes
        let isDue = fills[index].unwrittenBytes >= here.options.checkpointBytes
        if isDue || fills[index].passes[pass].isThrough { fills[index].isUnwritten = true }
        if fills[index].isUnwritten, !fills[index].isComplete(here) { writeDown(here) }
    }

    private func awaiting(
        _ number: UInt64, of partition: UInt16, from source: NodeID
    ) -> (fill: Int, pass: Int)? {
        guard let index = index(of: partition), let pass = fills[index].busy,
            fills[index].passes[pass].number == number,
            fills[index].passes[pass].source == source
        else { return nil }
        return (index, pass)
    }

    // MARK: Going on

    /// What is dropped is filled next; what is complete is written down, and told once it is
    /// synced; what was not answered is given up.
    mutating func settle(
        _ here: Standpoint, at now: Instant, into effects: inout [HandoverEffect]
    ) {
        for index in fills.indices {
            switch fills[index].stage {
            case .clearing:
                guard here.isEmpty(fills[index].partition) else { continue }
                fills[index].stage = .filling
                fills[index].isUnwritten = true
            case .filling:
                giveUp(index, here, at: now)
                if fills[index].isComplete(here) { finish(index, here) }
            case .filled: continue
            }
        }
        writeDown(here)
        tell(here, into: &effects)
    }

    /// An answer that is overdue, or cannot come any more, is not waited for.
    private mutating func giveUp(_ index: Int, _ here: Standpoint, at now: Instant) {
        guard let pass = fills[index].busy, fills[index].passes[pass].deadline < .never else {
            return
        }
        let isOverdue = fills[index].passes[pass].deadline <= now
        let isCut = !here.isReachable(fills[index].passes[pass].source)
        guard isOverdue || isCut else { return }
        counters.marks.occurred(.pullOverdue, if: isOverdue)
        counters.marks.occurred(.pullCut, if: isCut)
        fills[index].passes[pass].fail(.source, here.options, at: now)
    }

    private mutating func finish(_ index: Int, _ here: Standpoint) {
        guard fills[index].busy == nil else { return }
        counters.marks.occurred(
            .sourcePassedOver,
            if: fills[index].passes.contains {
                $0.isGivenUp && !$0.isThrough && here.isReachable($0.source)
            })
        let former = fills[index].stage
        fills[index].stage = .filled(here.engine.appended)
        var batch = WriteBatch()
        batch.put(FillRecord.key(fills[index].partition), fills[index].record.bytes)
        guard let position = try? here.engine.write(batch) else {
            counters.marks.occurred(.recordRefused)
            fills[index].stage = former
            return
        }
        counters.fills += 1
        fills[index].stage = .filled(position)
        fills[index].isUnwritten = false
        here.engine.syncSoon()
    }

    /// Whether something is told once the log is synced further.
    private(set) var awaitsSync = false

    private mutating func tell(_ here: Standpoint, into effects: inout [HandoverEffect]) {
        awaitsSync = false
        var isNews = false
        for index in fills.indices where !fills[index].isTold {
            guard case .filled(let position) = fills[index].stage else { continue }
            if position <= here.engine.synced {
                fills[index].isTold = true
                isNews = true
            } else {
                awaitsSync = true
            }
        }
        if isNews { effects.append(.filled) }
    }

    /// A node can be sent to again: what came to nothing with it is tried anew.
    mutating func sourceReturned(_ node: NodeID) {
        for index in fills.indices {
            for pass in fills[index].passes.indices
            where fills[index].passes[pass].source == node && !fills[index].passes[pass].isBusy {
                fills[index].passes[pass].sourceReturned()
            }
        }
    }

    // MARK: Asking

    /// Pulls under way, by whom they are from.
    func countLoad(_ load: inout [NodeID: Int]) -> Int {
        var count = 0
        for fill in fills {
            guard let pass = fill.busy else { continue }
            load[fill.passes[pass].source, default: 0] += 1
            count += 1
        }
        return count
    }

    /// Asks for what is next, the first partitions first, while there are not enough under way.
    mutating func ask(
        _ here: Standpoint, _ load: inout [NodeID: Int], under way: Int, _ numbers: inout UInt64,
        at now: Instant, into effects: inout [HandoverEffect]
    ) {
        var way = way
        for index in fills.indices where way < here.options.partitionsAtOnce {
            guard fills[index].stage == .filling, fills[index].busy == nil,
                let pass = fills[index].passes.next(here, at: now, load: load),
                let peer = here.peer(
                    fills[index].passes[pass].source, serving: fills[index].partition)
            else { continue }
            numbers += 1
            let pull = fills[index].passes[pass].ask(numbers, here, at: now)
            load[peer.node, default: 0] += 1
            way += 1
            if let pull { effects.append(.send(.pull(pull), to: peer)) }
        }
    }

    /// When something is overdue, or may be tried again.
    func nextWakeup(_ here: Standpoint, at now: Instant) -> Instant {
        var next = Instant.never
        for fill in fills where fill.stage == .filling {
            if let pass = fill.busy {
                next = min(next, fill.passes[pass].deadline)
                continue
            }
            for pass in fill.passes where pass.step == .idle && pass.notBefore > now {
                if here.isReachable(pass.source) { next = min(next, pass.notBefore) }
            }
        }
        return next
    }

    func checkInvariants() {
        for (fill, next) in zip(fills, fills.dropFirst()) {
            invariant(fill.partition < next.partition, "\(fill.partition) before \(next.partition)")
        }
        for fill in fills {
            let busy = fill.passes.count(where: \.isBusy)
            invariant(busy <= 1, "\(busy) pulls of \(fill.partition) at a time")
            invariant(
                fill.stage == .filling || busy == 0, "\(fill.partition) is \(fill.stage), and asks")
            if case .filled = fill.stage {
                let through = fill.throughCount
                invariant(through >= fill.needed, "\(fill.partition): \(through) are through")
            }
        }
    }
}
