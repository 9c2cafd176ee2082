// The engine's background half: flushes, compactions, salvage and removals, each in bounded steps.
// It runs on a thread of its own in the server and inline in the simulator, one call at a time.
internal import MartletBase

/// Does `StorageJob`s on a disk; confined to one thread at a time.
public final class StorageWorker {
    private let disk: any Disk
    private let options: StorageOptions
    private let manifest: ManifestWriter
    private let files: OpenFiles
    private var queue: [StorageJob] = []
    /// The job that is done in steps, and what it is.
    private var running: (job: StorageJob, work: Running)?
    /// Whether the last step was an urgent job.
    private var wasUrgent = false

    private enum Running {
        case compaction(Compaction)
        case scrub(Scrub)
    }

    /// Bytes of records that one step of a compaction or scrub takes in.
    private static let stepBytes = 4 << 20

    init(disk: any Disk, options: StorageOptions, manifest: ManifestWriter, files: OpenFiles) {
        self.disk = disk
        self.options = options
        self.manifest = manifest
        self.files = files
    }

    /// Whether there is nothing to do.
    public var isIdle: Bool { queue.isEmpty && running == nil }

    /// Queues a job; the engine has at most one flush, one compaction or salvage, one removal and
    /// one measurement out at a time.
    public func submit(_ job: StorageJob) { queue.append(job) }

    /// Does a piece of the most urgent job; the outcome where that ended one. Blocks for the time
    /// of writing a memtable at most.
    ///
    /// Of two urgent jobs the second waits for a step of another: flushes that follow each other
    /// without end would leave level 0 to grow until the storage takes no writes, and for as long
    /// as the node's own records keep coming it would never take any again.
    public func step() -> JobOutcome? {
        let urgent = queue.firstIndex(where: \.isUrgent)
        let other = running == nil ? queue.firstIndex { !$0.isUrgent } : nil
        let isOthersTurn = wasUrgent && (running != nil || other != nil)
        wasUrgent = urgent != nil && !isOthersTurn
        if let next = wasUrgent ? urgent : other { return begin(queue.remove(at: next)) }
        guard let (job, work) = running else { return nil }
        switch work {
        case .compaction(let compaction): return go(on: compaction, job)
        case .scrub(let scrub):
            guard let result = scrub.step(budgetBytes: Self.stepBytes) else { return nil }
            running = nil
            return JobOutcome(job: job, result: result)
        }
    }

    private func begin(_ job: StorageJob) -> JobOutcome? {
        switch job.work {
        case .flush(let layers): return flush(layers, job)
        case .remove(let names): return remove(names, job)
        case .measure: return JobOutcome(job: job, result: .measured(try? disk.space()))
        case .salvage(let task): return salvage(task, job)
        case .compact(let task):
            running = (job, .compaction(Compaction(task, disk: disk, options: options)))
        case .scrub(let table): running = (job, .scrub(Scrub(table, disk: disk)))
        }
        return nil
    }

    // MARK: Flush

    private func flush(_ layers: [Layer], _ job: StorageJob) -> JobOutcome {
        var output = TableOutput(
            disk: disk, options: options.table, cutBytes: .max, newest: layers[0].newest)
        do throws(DiskError) {
            try Flush.run(layers, into: &output, manifest.takeNumber)
            let built = try output.finish()
            return commit(Flush.edit(layers, built), built, job)
        } catch {
            abandon(output.fileNames)
            return JobOutcome(job: job, result: .refused(error))
        }
    }

    // MARK: Compaction

    private func go(on compaction: Compaction, _ job: StorageJob) -> JobOutcome? {
        do throws(Compaction.Failure) {
            let done = try compaction.step(budgetBytes: Self.stepBytes, manifest.takeNumber)
            guard let done else { return nil }
            running = nil
            return commit(done.edit, done.built, job)
        } catch {
            running = nil
            abandon(compaction.fileNames)
            switch error {
            case .disk(let error): return JobOutcome(job: job, result: .refused(error))
            case .damaged(let table, let reason):
                return JobOutcome(job: job, result: .damaged(table: table, reason))
            }
        }
    }

    // MARK: Salvage

    private func salvage(_ task: SalvageTask, _ job: StorageJob) -> JobOutcome {
        var output = TableOutput(
            disk: disk, options: options.table, cutBytes: .max,
            newest: task.table.summary.newest)
        do throws(DiskError) {
            let damage = try Salvage.run(task, disk, into: &output, manifest.takeNumber)
            let built = try output.finish()
            let edit = Salvage.edit(of: task.table.summary, level: task.level, built, damage)
            return commit(edit, built, job)
        } catch {
            abandon(output.fileNames)
            return JobOutcome(job: job, result: .refused(error))
        }
    }

    // MARK: Files

    private func commit(
        _ edit: ManifestEdit, _ built: [BuiltTable], _ job: StorageJob
    ) -> JobOutcome {
        do {
            try manifest.append(edit)
            return JobOutcome(job: job, result: .done(edit, built))
        } catch {
            if manifest.failure != nil { return JobOutcome(job: job, result: .failed(error)) }
            abandon(built.map(\.summary.fileName))
            return JobOutcome(job: job, result: .refused(error))
        }
    }

    /// Removes files that no manifest names; what cannot be removed now goes at the next start.
    private func abandon(_ names: [String]) {
        for name in names { try? disk.remove(name) }
    }

    private func remove(_ names: [String], _ job: StorageJob) -> JobOutcome {
        for name in names {
            files.close(name)
            // What cannot be removed now goes at the next start.
            try? Salvage.clear([name], manifest.manifest, disk)
        }
        return JobOutcome(job: job, result: .removed)
    }
}
