// A storage without threads: their work is done by who asks. For measurements and tests, which
// have a node in one piece; a shell has threads, and a simulation decides when each is done.
public import MartletStorage

extension OpenedStorage {
    /// Does all that the engine has asked of its log, its read pool and its background work, and
    /// returns what they answer, in this order. Blocks.
    public func answers() -> [NodeEvent] {
        var events: [NodeEvent] = []
        let chunks = engine.takeChunks()
        if !chunks.isEmpty { events.append(.logAnswered(log.commit(chunks))) }
        let reads = engine.takeReads()
        if !reads.isEmpty { events.append(.readsAnswered(reads.map { $0.run(files) })) }
        for job in engine.takeJobs() { worker.submit(job) }
        while let outcome = worker.step() { events.append(.jobAnswered(outcome)) }
        return events
    }
}
