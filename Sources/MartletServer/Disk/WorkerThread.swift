// The thread of a node's background work: flushes, compactions, salvage, removals. A flush that
// comes while a compaction runs goes between two of its steps.
import MartletBase
package import MartletStorage

/// Runs a `StorageWorker` on a thread of its own. `@unchecked Sendable`: `queue` guards what
/// threads share, and only the worker thread touches `worker`.
package final class WorkerThread: @unchecked Sendable {
    private struct Queue: Sendable {
        var jobs: [StorageJob] = []
        var isStopping = false
        var hasStopped = false
    }

    private let worker: StorageWorker
    private let answer: @Sendable (JobOutcome) -> Void
    private let queue = Monitor(Queue())

    /// How long a job that the disk refused is let rest before it may be tried again.
    private static let retryDelay = Duration.milliseconds(250)

    /// Starts the thread. It calls `answer` on itself, once for each job: hand the outcome to
    /// `StorageEngine.jobAnswered` on the engine's loop.
    package init(worker: StorageWorker, answer: @escaping @Sendable (JobOutcome) -> Void) {
        self.worker = worker
        self.answer = answer
        PosixThread.start { self.run() }
    }

    /// Queues jobs; the engine has no more than three out at a time.
    package func submit(_ jobs: [StorageJob]) {
        if jobs.isEmpty { return }
        queue.update { $0.jobs += jobs }
    }

    /// Ends the thread after the step under way, and waits for that. What was not done is begun
    /// anew at the next start.
    package func stop() {
        queue.update { $0.isStopping = true }
        _ = queue.wait(until: .never) { $0.hasStopped ? true : nil }
    }

    private func run() {
        while true {
            let isIdle = worker.isIdle
            let taken = queue.wait(until: isIdle ? .never : .start) { queue -> Queue? in
                guard !queue.jobs.isEmpty || queue.isStopping else { return nil }
                defer { queue.jobs = [] }
                return queue
            }
            if taken?.isStopping == true { break }
            for job in taken?.jobs ?? [] { worker.submit(job) }
            guard let outcome = worker.step() else { continue }
            if outcome.asksForPatience {
                let deadline = Monitor<Queue>.now + Self.retryDelay
                _ = queue.wait(until: deadline) { $0.isStopping ? true : nil }
            }
            answer(outcome)
        }
        queue.update { $0.hasStopped = true }
    }
}
