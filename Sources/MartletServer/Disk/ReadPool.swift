// The threads that read blocks which are in no cache: those that are may then be read meanwhile.
import MartletBase
package import MartletStorage

/// A few threads that run `BlockRead`s. `@unchecked Sendable`: `queue` guards what threads share.
package final class ReadPool: @unchecked Sendable {
    private struct Queue: Sendable {
        var reads: ArraySlice<BlockRead> = []
        var isStopping = false
        var running: Int
    }

    private let files: OpenFiles
    private let answer: @Sendable ([BlockAnswer]) -> Void
    private let queue: Monitor<Queue>

    /// Reads that one thread takes at a time: their answers share a hop to the loop.
    private static let batchLimit = 8

    /// Starts `threads` threads, at least one, which call `answer` on themselves: hand the answers
    /// to `StorageEngine.readsAnswered` on the engine's loop.
    package init(
        files: OpenFiles, threads: Int, answer: @escaping @Sendable ([BlockAnswer]) -> Void
    ) {
        invariant(threads > 0, "a pool of \(threads) threads")
        self.files = files
        self.answer = answer
        queue = Monitor(Queue(running: threads))
        for _ in 0..<threads { PosixThread.start { self.run() } }
    }

    /// Queues reads; the engine's `readLimit` bounds the queue.
    package func submit(_ reads: [BlockRead]) {
        if reads.isEmpty { return }
        queue.update { $0.reads += reads }
    }

    /// Ends the threads, and waits for that. Reads that were not begun are never answered.
    package func stop() {
        queue.update { $0.isStopping = true }
        _ = queue.wait(until: .never) { $0.running == 0 ? true : nil }
    }

    private func run() {
        while let reads = next() {
            answer(reads.map { $0.run(files) })
        }
        queue.update { $0.running -= 1 }
    }

    /// The next reads; nil when the pool stops.
    private func next() -> ArraySlice<BlockRead>? {
        queue.wait(until: .never) { queue -> ArraySlice<BlockRead>?? in
            if queue.isStopping { return .some(nil) }
            if queue.reads.isEmpty { return nil }
            let taken = queue.reads.prefix(Self.batchLimit)
            queue.reads = queue.reads.dropFirst(taken.count)
            return taken
        } ?? nil
    }
}
