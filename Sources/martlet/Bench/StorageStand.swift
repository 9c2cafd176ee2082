// The engine on its stand: opened on a real disk, with the threads that a node gives it, and one
// foreground thread in the place of a node's event loop. Blocks that are in no cache are read on
// that thread, so that one thread's reads can be compared with those of other stores.
internal import MartletBase
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
    ) throws(CommandFailure) {
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
            throw CommandFailure("\(error)")
        }
    }

    /// Ends the threads; all that was written is durable then.
    func stop() throws(CommandFailure) {
        try turn()
        threads.stop()
        try takeIn(mail.update { Self.takeAll(&$0) })
    }

    private static func takeAll(_ mail: inout Mail) -> Mail {
        defer { mail = Mail() }
        return mail
    }

    private func takeIn(_ mail: Mail) throws(CommandFailure) {
        for outcome in mail.log {
            engine.logAnswered(outcome)
            switch outcome {
            case .full(let error), .failed(let error): throw CommandFailure("\(error)")
            case .written, .synced: break
            }
        }
        for outcome in mail.jobs { engine.jobAnswered(outcome) }
    }

    /// What a node's loop does at the end of each turn: hands over what the engine asks for, and
    /// takes in what has come back.
    func turn() throws(CommandFailure) {
        if signals.isStopping { throw CommandFailure("interrupted") }
        submit()
        try takeIn(mail.update { Self.takeAll(&$0) })
    }

    /// As `turn`, but waits until something has come back.
    func waitTurn() throws(CommandFailure) {
        submit()
        let answers = mail.wait(until: Monitor<Mail>.now + .milliseconds(100)) { mail in
            mail.isEmpty ? nil : Self.takeAll(&mail)
        }
        try takeIn(answers ?? Mail())
        if signals.isStopping { throw CommandFailure("interrupted") }
    }

    private func submit() {
        engine.ask(into: &work)
        threads.submit(work)
        work.removeAll()
    }

    /// Waits until everything is durable and no background work is left.
    func settle() throws(CommandFailure) {
        try turn()
        while engine.pendingBytes > 0 || engine.hasBackgroundWork { try waitTurn() }
        try turn()
    }

    /// Writes, and waits where the engine is behind.
    @discardableResult
    func write(_ batch: WriteBatch) throws(CommandFailure) -> LogPosition {
        while true {
            let refusal: WriteRefusal
            do {
                return try engine.write(batch)
            } catch { refusal = error }
            switch refusal {
            case .pendingLimit, .behind(nil): try waitTurn()
            default: throw CommandFailure("\(refusal)")
            }
        }
    }

    /// The value of `key`; blocks that are in no cache are read here and now.
    func read(_ key: StorageKey) throws(CommandFailure) -> Bytes {
        var outcome = engine.get(key)
        if outcome == .notLoaded, case .pending(let ticket) = engine.load([key]) {
            while engine.takeCompleted().isEmpty { bringBlocks() }
            outcome = engine.get(key)
            engine.release(ticket)
        }
        guard case .found(let value) = outcome else {
            throw CommandFailure("\(key) was written and reads as \(outcome)")
        }
        return value
    }

    /// A page of all objects.
    func page(after cursor: StorageKey?, limitBytes: Int) throws(CommandFailure) -> ScanPage {
        switch engine.scan(.objects, after: cursor, limitBytes: limitBytes) {
        case .page(let page): return page
        case .refused: throw CommandFailure("a scan was refused")
        case .pending: break
        }
        while true {
            bringBlocks()
            guard let completed = engine.takeCompleted().first else { continue }
            if case .page(let page) = completed.result { return page }
            throw CommandFailure("a scan met a damaged block")
        }
    }

    private func bringBlocks() {
        engine.readsAnswered(engine.takeReads().map { $0.run(files) })
    }
}
