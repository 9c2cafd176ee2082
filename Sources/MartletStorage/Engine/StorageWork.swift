// What an engine asks of those who do its work: its log, its reads and its background jobs.

/// All that an engine asks for in one turn of its shell.
public struct StorageWork {
    /// For the log, in order: `LogWriter.commit`, and `logAnswered`.
    public var chunks: [LogChunk] = []
    /// Blocks to be read by threads that may block: `readsAnswered`.
    public var reads: [BlockRead] = []
    /// For the background: `jobAnswered`.
    public var jobs: [StorageJob] = []
    /// The log up to here is not needed any more.
    public var flushed = LogPosition.start

    /// Nothing to do.
    public init() {}

    /// Forgets what has been handed over, and keeps the room.
    public mutating func removeAll() {
        chunks.removeAll(keepingCapacity: true)
        reads.removeAll(keepingCapacity: true)
        jobs.removeAll(keepingCapacity: true)
    }
}

extension StorageEngine {
    /// Appends to `work` what the engine has come to ask for since the last call.
    public func ask(into work: inout StorageWork) {
        work.reads += takeReads()
        work.jobs += takeJobs()
        // Last: a job may have something written before it.
        while let chunk = takeChunk() { work.chunks.append(chunk) }
        work.flushed = flushed
    }
}
