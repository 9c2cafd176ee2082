// Background work, seen from the foreground: what is to be done next, and what follows from what
// was done.
internal import MartletBase

extension StorageEngine {
    /// Jobs for the `StorageWorker`; each is answered with `jobAnswered`. At most one flush, one
    /// compaction or salvage, one removal and one measurement are out at a time.
    public func takeJobs() -> [StorageJob] {
        guard jobs.failure == nil else { return [] }
        var due: [StorageJob] = []
        // Not left to the next write: one batch may fill all memtables, and then none is taken.
        if layers[0].memtable.byteCount >= options.flushBytes {
            LayerStack.seal(&layers, trees, after: appended, options: options)
        }
        if jobs.flushing == 0, layers.count > 1 {
            jobs.flushing = layers.count - 1
            due.append(StorageJob(work: .flush(Array(layers.dropFirst()))))
        }
        if !jobs.isCompacting, let work = nextCompaction() {
            jobs.isCompacting = true
            due.append(StorageJob(work: work))
        }
        if !jobs.isRemoving, !jobs.obsolete.isEmpty {
            let names = jobs.takeUnread()
            if !names.isEmpty {
                jobs.isRemoving = true
                due.append(StorageJob(work: .remove(names)))
            }
        }
        if jobs.isMeasureDue, !jobs.isMeasuring {
            (jobs.isMeasureDue, jobs.isMeasuring) = (false, true)
            due.append(StorageJob(work: .measure))
        }
        return due
    }

    private func nextCompaction() -> StorageJob.Work? {
        while let number = jobs.damaged.first {
            guard let table = version.tables[number],
                let level = version.levels.firstIndex(where: { $0.contains { $0 === table } })
            else {
                jobs.damaged.removeFirst()
                continue
            }
            if table.holdsState, !saveState() { return nil }
            return .salvage(SalvageTask(table: table.input, level: level))
        }
        // The planner looks at every table: once for each version, not once for each turn.
        if !jobs.isSettled {
            let task = CompactionPlanner.plan(version, options: options, cursors: &jobs.cursors)
            if let task { return .compact(task) }
            jobs.isSettled = true
        }
        return jobs.isScrubDue ? nextScrub() : nil
    }

    /// Writes the node's own entries, all of which are in memory, once more before a table is
    /// salvaged that may hold them: no replica could repair what is lost of them. Whether that is
    /// synced. It is part of no client's write, and no backlog stands against it.
    private func saveState() -> Bool {
        if state.isEmpty { return true }
        let saved: LogPosition
        if let known = jobs.stateSaved {
            saved = known
        } else {
            var batch = WriteBatch()
            for key in state.keys.sorted() {
                if let value = state[key] { batch.put(key, value) }
            }
            counts.marks.occurred(.stateSaved)
            saved = accept(batch, isSynced: true)
            jobs.stateSaved = saved
        }
        return saved <= max(synced, flushed)
    }

    /// Tables are scrubbed in the order of their numbers, again and again.
    private func nextScrub() -> StorageJob.Work? {
        jobs.isScrubDue = false
        let numbers = version.tables.keys.sorted()
        guard let number = numbers.first(where: { $0 > jobs.scrubbed }) ?? numbers.first,
            let table = version.tables[number]
        else { return nil }
        jobs.scrubbed = number
        return .scrub(table.input)
    }

    /// Has one more table read back and checked as soon as there is nothing else to do. What that
    /// takes of the disk, in bytes: the caller spaces its calls by it.
    public func scrub() -> Int {
        jobs.isScrubDue = true
        let bytes = version.tables.values.reduce(0) { $0 + $1.summary.fileBytes }
        return bytes / max(1, version.tables.count)
    }

    /// Whether there is background work that is out or due.
    public var hasBackgroundWork: Bool {
        if jobs.failure != nil { return false }
        if jobs.flushing > 0 || jobs.isCompacting || layers.count > 1 || !jobs.damaged.isEmpty {
            return true
        }
        var cursors = jobs.cursors
        return !jobs.isSettled
            && CompactionPlanner.plan(version, options: options, cursors: &cursors) != nil
    }

    /// Takes in what came of a job.
    public func jobAnswered(_ outcome: JobOutcome) {
        switch outcome.result {
        case .done(let edit, let built):
            jobs.lastRefusal = nil
            install(edit, built)
            note(outcome.job, built)
        case .removed: break
        case .scrubbed: counts.scrubs += 1
        case .measured(let space): if let space { reserve.measured(space) }
        case .refused(let error):
            counts.marks.occurred(.jobRefused)
            jobs.lastRefusal = error
        case .failed(let error): jobs.failure = error
        case .damaged(let table, _): quarantine(table)
        }
        switch outcome.job.work {
        case .flush: jobs.flushing = 0
        case .compact, .salvage, .scrub: jobs.isCompacting = false
        case .remove: jobs.isRemoving = false
        case .measure: jobs.isMeasuring = false
        }
    }

    private func install(_ edit: ManifestEdit, _ built: [BuiltTable]) {
        let old = version
        version = old.after(edit, built)
        jobs.isSettled = false
        for number in edit.removed where version.tables[number] == nil {
            guard let table = old.tables[number] else { continue }
            cache.forget(table)
            jobs.obsolete.append(table)
        }
        jobs.untold += edit.damage
        if !edit.damage.isEmpty { trees.lose(edit.damage, of: version.manifest.damage) }
    }

    private func note(_ job: StorageJob, _ built: [BuiltTable]) {
        let bytes = UInt64(built.reduce(0) { $0 + $1.summary.fileBytes })
        switch job.work {
        case .flush(let flushed):
            layers.removeLast(flushed.count)
            reads.supersede { Self.find($0, in: flushed) }
            counts.flushes += 1
            counts.marks.occurred(.flushedSeveral, if: flushed.count > 1)
            counts.flushedBytes += bytes
        case .compact(let task):
            counts.compactions += 1
            counts.marks.occurred(.movedTrivially, if: !task.moved.isEmpty)
            counts.marks.occurred(.discarded, if: !task.discarded.isEmpty)
            counts.marks.occurred(.compactedDeep, if: task.outputLevel > 1)
            counts.compactionReadBytes += UInt64(task.inputBytes)
            counts.compactionWrittenBytes += bytes
        case .salvage(let task):
            counts.marks.occurred(.salvaged)
            jobs.damaged.removeAll { $0 == task.table.summary.number }
            jobs.stateSaved = nil
        case .remove, .scrub, .measure: break
        }
    }

    // MARK: Damage

    /// A block did not read back: it is not asked for again, and its table is made anew without
    /// it. A disk that refused for another reason than loss proves nothing.
    func noteDamage(_ error: TableError, _ id: BlockRead.BlockID) {
        if case .disk(let error) = error, !error.isLossOfData { return }
        guard let table = version.tables[id.table], !table.isDamaged(id.index) else { return }
        table.noteDamage(of: id.index)
        counts.damagedBlocks += 1
        quarantine(id.table)
    }

    private func quarantine(_ number: UInt64) {
        counts.marks.occurred(.quarantined)
        if !jobs.damaged.contains(number) { jobs.damaged.append(number) }
    }

    /// Ranges in which this node has lost data, told once each, as soon as the loss is durably
    /// noted, and again after a restart until a batch says that they were acted on. The node must
    /// name its writes by a new actor, and have the ranges repaired.
    public func takeDamage() -> [DamagedRange] {
        if jobs.untold.isEmpty { return [] }
        defer { jobs.untold = [] }
        return jobs.untold
    }

    /// Whether there is damage that nobody was told of yet.
    public var hasUntoldDamage: Bool { !jobs.untold.isEmpty }

    /// Has `batch` say that what was told of damage was acted on: it holds what came of it, and
    /// the two are durable together.
    public func noteDamageTold(in batch: inout WriteBatch) {
        let untold = Set(jobs.untold.map(\.file))
        var writer = ByteWriter()
        for file in version.manifest.damage.map(\.file) where !untold.contains(file) {
            writer.writePrefixed(file)
        }
        batch.put(Self.toldKey, writer.bytes)
    }

    private static let toldKey = StorageKey.state("damage-told")

    /// Takes all that the manifest says of damage for untold, but for what a batch said was told.
    func recallDamage() {
        var told: Set<String> = []
        var reader = ByteReader(state[Self.toldKey] ?? [])
        while reader.remaining > 0, let file = try? reader.readPrefixedText() { told.insert(file) }
        jobs.untold = version.manifest.damage.filter { !told.contains($0.file) }
        counts.marks.occurred(.damageRecalled, if: !jobs.untold.isEmpty)
    }

    /// All ranges that were lost and not repaired since, oldest first.
    public var damagedRanges: [DamagedRange] { version.manifest.damage }
}
