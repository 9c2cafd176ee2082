// The thread that writes and syncs one node's log: all that gathers during one sync goes out with
// the next, in one write and one sync.
import MartletBase
package import MartletStorage

/// Runs a `LogWriter` on a thread of its own. `@unchecked Sendable`: `queue` guards what threads
/// share, and only the log thread touches `log`, `retryAt` and `syncAt` once it runs.
package final class LogThread: @unchecked Sendable {
    private struct Queue: Sendable {
        var chunks: [LogChunk] = []
        var bytes = 0
        /// Up to where the log is in the tables and may go.
        var released: LogPosition?
        var isStopping = false
        var hasStopped = false
    }

    private let log: LogWriter
    private let options: StorageOptions
    private let answer: @Sendable (LogOutcome) -> Void
    private let queue = Monitor(Queue())
    /// When a full disk is tried again.
    private var retryAt = Instant.never
    /// When the interval of `SyncMode.interval` ends.
    private var syncAt = Instant.never

    /// The longest that one group of chunks is held up.
    private static let holdLimit = Duration.seconds(1)

    /// How long a full disk is left alone.
    private static let retryDelay = Duration.milliseconds(250)

    /// Starts the thread. It calls `answer` on itself, once for each group and once after each sync
    /// of an interval: hand the outcome to `StorageEngine.logAnswered` on the engine's loop.
    package init(
        log: LogWriter, options: StorageOptions, answer: @escaping @Sendable (LogOutcome) -> Void
    ) {
        self.log = log
        self.options = options
        self.answer = answer
        if log.isHoldingBack { retryAt = .start }
        PosixThread.start { self.run() }
    }

    /// Lets go of the log up to `position`: the tables hold it.
    package func release(upTo position: LogPosition) {
        queue.update { $0.released = position }
    }

    /// Queues chunks, in the order that `StorageEngine.takeChunk` gave them. The engine's
    /// `pendingLimitBytes` bounds the queue.
    package func submit(_ chunks: [LogChunk]) {
        if chunks.isEmpty { return }
        let limit = options.pendingLimitBytes + options.batchLimitBytes
        queue.update { queue in
            for chunk in chunks { queue.bytes += chunk.byteCount }
            queue.chunks += chunks
            invariant(!queue.isStopping, "\(chunks.count) chunks after the log was stopped")
            invariant(queue.bytes <= limit, "\(queue.bytes) bytes queued, limit \(limit)")
        }
    }

    /// Writes and syncs all that is queued, closes the log, gives the directory back, and waits for
    /// that. The last answer tells whether all of it is durable.
    package func stop() {
        queue.update { $0.isStopping = true }
        _ = queue.wait(until: .never) { $0.hasStopped ? true : nil }
    }

    // MARK: On the log thread

    private func run() {
        while true {
            let taken = queue.wait(until: min(retryAt, syncAt)) { queue -> (Queue)? in
                guard !queue.chunks.isEmpty || queue.isStopping || queue.released != nil
                else { return nil }
                defer {
                    queue.chunks = []
                    queue.bytes = 0
                    queue.released = nil
                }
                return queue
            }
            if let position = taken?.released { log.release(upTo: position) }
            if let taken, !taken.chunks.isEmpty {
                hold(taken.chunks)
                commit(taken.chunks, at: Monitor<Queue>.now)
            } else if Monitor<Queue>.now >= retryAt {
                commit([], at: Monitor<Queue>.now)
            }
            syncIfDue(at: Monitor<Queue>.now)
            if taken?.isStopping == true { return close() }
        }
    }

    /// Waits as long as chunks are to be held up: a node whose background work is behind slows its
    /// writers here.
    private func hold(_ chunks: [LogChunk]) {
        let delay = min(Self.holdLimit, chunks.reduce(Duration.zero) { $0 + $1.delay })
        if delay == .zero { return }
        _ = queue.wait(until: Monitor<Queue>.now + delay) { $0.isStopping ? true : nil }
    }

    private func commit(_ chunks: [LogChunk], at now: Instant) {
        let outcome = log.commit(chunks)
        if case .full = outcome { retryAt = now + Self.retryDelay } else { retryAt = .never }
        if case .interval(let interval) = options.sync, log.needsSync, syncAt == .never {
            syncAt = now + interval
        }
        answer(outcome)
    }

    private func syncIfDue(at now: Instant) {
        guard now >= syncAt else { return }
        syncAt = .never
        answer(log.sync())
    }

    private func close() {
        answer(log.close())
        queue.update { $0.hasStopped = true }
    }
}
