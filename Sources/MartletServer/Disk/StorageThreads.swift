// The threads behind one node's storage engine, and the way there: what the engine asks for in a
// turn of the loop leaves at its end.
import MartletBase
package import MartletStorage

/// Log, background work and block reads of one engine. `@unchecked Sendable`: once made it is
/// confined to the engine's loop, but for `stop`, which comes after the last turn.
package final class StorageThreads: @unchecked Sendable {
    private let log: LogThread
    private let worker: WorkerThread
    private let reads: ReadPool
    private var released = LogPosition.start

    /// What the threads tell the engine's loop, each on a thread of its own.
    package struct Answers: Sendable {
        /// For `StorageEngine.logAnswered`.
        package var log: @Sendable (LogOutcome) -> Void
        /// For `StorageEngine.jobAnswered`.
        package var job: @Sendable (JobOutcome) -> Void
        /// For `StorageEngine.readsAnswered`.
        package var reads: @Sendable ([BlockAnswer]) -> Void

        /// The three ways back.
        package init(
            log: @escaping @Sendable (LogOutcome) -> Void,
            job: @escaping @Sendable (JobOutcome) -> Void,
            reads: @escaping @Sendable ([BlockAnswer]) -> Void
        ) {
            self.log = log
            self.job = job
            self.reads = reads
        }
    }

    /// Starts the threads of `storage`, `readThreads` of them for blocks.
    package init(
        _ storage: OpenedStorage, options: StorageOptions, readThreads: Int, answers: Answers
    ) {
        log = LogThread(log: storage.log, options: options, answer: answers.log)
        worker = WorkerThread(worker: storage.worker, answer: answers.job)
        reads = ReadPool(files: storage.files, threads: readThreads, answer: answers.reads)
    }

    /// Hands over all of `work`.
    package func submit(_ work: StorageWork) {
        log.submit(work.chunks)
        reads.submit(work.reads)
        worker.submit(work.jobs)
        if work.flushed > released {
            released = work.flushed
            log.release(upTo: released)
        }
    }

    /// Ends all threads, the log's last: when this returns, what was submitted of the log is
    /// durable, and the directory is free.
    package func stop() {
        worker.stop()
        reads.stop()
        log.stop()
    }
}
