// The engine on its stand: opened on a real disk, with the threads that a node gives it, and one
// foreground thread in the place of a node's event loop. Blocks that are in no cache are read on
// that thread, so that one thread's reads can be compared with those of other stores.
internal import MartletBase
internal import MartletLocal
internal import MartletServer
internal import MartletStorage

/// One open engine with its threads; confined to the thread that made it.
final class StorageStand {
    /// What the threads have answered since the foreground last looked.
    private struct Mail: Sendable {
        var log: [LogOutcome] = []
        var jobs: [JobOutcome] = []

        var isEmpty: Bool { log.isEmpty && jobs.isEmpty }
    }

    let engine: StorageEngine
    let meter: StorageMeter
    /// What opening found.
    let recovery: RecoveryReport
    private let files: OpenFiles
    private let threads: StorageThreads
    private let mail: Monitor<Mail>
    private let signals: StopSignals
    /// What the engine asks for, on its way to the threads.
    private var work = StorageWork()

    /// Opens what `directory` holds, or begins there.
    init(
        _ directory: String, _ options: StorageOptions, signals: StopSignals
    ) throws(LocalFailure) {
        do {
            meter = StorageMeter(try PosixDisk(path: directory))
            let opened = try StorageEngine.open(disk: meter, options: options)
            engine = opened.engine
            files = opened.files
            recovery = opened.report
            let mail = Monitor(Mail())
            self.mail = mail
            self.signals = signals
            threads = StorageThreads(
                opened, options: options, readThreads: 1,
                answers: StorageThreads.Answers(
                    log: { outcome in mail.update { $0.log.append(outcome) } },
                    job: { outcome in mail.update { $0.jobs.append(outcome) } },
                    reads: { _ in }))
        } catch {
            throw LocalFailure("\(error)")
        }
    }

    /// Ends the threads; all that was written is durable then.
    func stop() throws(LocalFailure) {
        try turn()
        threads.stop()
        try takeIn(mail.update { Self.takeAll(&$0) })
    }

    private static func takeAll(_ mail: inout Mail) -> Mail {
        defer { mail = Mail() }
        return mail
    }

    private func takeIn(_ mail: Mail) throws(LocalFailure) {
        for outcome in mail.log {
            engine.logAnswered(outcome)
            switch outcome {
            case .full(let error), .failed(let error): throw LocalFailure("\(error)")
            case .written, .synced: break
            }
        }
        for outcome in mail.jobs { engine.jobAnswered(outcome) }
    }

    /// What a node's loop does at the end of each turn: hands over what the engine asks for, and
    /// takes in what has come back.
    func turn() throws(LocalFailure) {
        if signals.isStopping { throw LocalFailure("interrupted") }
        submit()
        try takeIn(mail.update { Self.takeAll(&$0) })
    }

    /// As `turn`, but waits until something has come back.
    func waitTurn() throws(LocalFailure) {
        submit()
        let answers = mail.wait(until: Monitor<Mail>.now + .milliseconds(100)) { mail in
            mail.isEmpty ? nil : Self.takeAll(&mail)
        }
        try takeIn(answers ?? Mail())
        if signals.isStopping { throw LocalFailure("interrupted") }
    }

    private func submit() {
        engine.ask(into: &work)
        threads.submit(work)
        work.removeAll()
    }

    /// Waits until everything is durable and no background work is left.
    func settle() throws(LocalFailure) {
        try turn()
        while engine.pendingBytes > 0 || engine.hasBackgroundWork { try waitTurn() }
        try turn()
    }

    /// Writes, and waits where the engine is behind.
    @discardableResult
    func write(_ batch: WriteBatch) throws(LocalFailure) -> LogPosition {
        while true {
            let refusal: WriteRefusal
            do {
                return try engine.write(batch)
            } catch { refusal = error }
            switch refusal {
            case .pendingLimit, .behind(nil): try waitTurn()
            default: throw LocalFailure("\(refusal)")
            }
        }
    }

    /// The value of `key`; blocks that are in no cache are read here and now.
    func read(_ key: StorageKey) throws(LocalFailure) -> Bytes {
        var outcome = engine.get(key)
        if outcome == .notLoaded, case .pending(let ticket) = engine.load([key]) {
            while engine.takeCompleted().isEmpty { bringBlocks() }
            outcome = engine.get(key)
            engine.release(ticket)
        }
        guard case .found(let value) = outcome else {
            throw LocalFailure("\(key) was written and reads as \(outcome)")
        }
        return value
    }

    /// A page of all objects.
    func page(after cursor: StorageKey?, limitBytes: Int) throws(LocalFailure) -> ScanPage {
        switch engine.scan(.objects, after: cursor, limitBytes: limitBytes) {
        case .page(let page): return page
        case .refused: throw LocalFailure("a scan was refused")
        case .pending: break
        }
        while true {
            bringBlocks()
            guard let completed = engine.takeCompleted().first else { continue }
            if case .page(let page) = completed.result { return page }
            throw LocalFailure("a scan met a damaged block")
        }
    }

    private func bringBlocks() {
        engine.readsAnswered(engine.takeReads().map { $0.run(files) })
    }
}
