// A storage without threads: their work is done by who asks. For measurements and tests, which
// have a node in one piece; a shell has threads, and a simulation decides when each is done.
public import MartletStorage

extension OpenedStorage {
    /// Does all that the engine has come to ask for beside its node's turns. Blocks.
    public func answers() -> [NodeEvent] {
        var work = StorageWork()
        engine.ask(into: &work)
        return answers(to: work)
    }

    /// Does all that `work` asks of the log, the read pool and the background, and returns what
    /// they answer, in this order. Blocks.
    public func answers(to work: StorageWork) -> [NodeEvent] {
        var events: [NodeEvent] = []
        if !work.chunks.isEmpty { events.append(.logAnswered(log.commit(work.chunks))) }
        if !work.reads.isEmpty { events.append(.readsAnswered(work.reads.map { $0.run(files) })) }
        for job in work.jobs { worker.submit(job) }
        while let outcome = worker.step() { events.append(.jobAnswered(outcome)) }
        return events
    }
}
