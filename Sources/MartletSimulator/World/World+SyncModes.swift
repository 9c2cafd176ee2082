// When what a node has written to its log counts as synced: in the lazier sync modes at once, with
// a sync at the end of each interval, as the server's log thread has it.
internal import MartletBase
internal import MartletNode
internal import MartletStorage

extension World {
    /// What is written and not synced is, by the end of the interval.
    mutating func awaitInterval(of node: SimulatedShard) {
        guard case .interval(let interval) = schedule.storage.sync, !node.awaitsInterval,
            node.storage.log.needsSync
        else { return }
        node.awaitsInterval = true
        queue.schedule(
            .intervalSynced(node.index, life: node.life),
            at: now + interval + diskDelay(of: node))
    }

    mutating func intervalSynced(_ index: Int, life: Int) {
        let node = shards[index]
        guard node.life == life else { return }
        node.awaitsInterval = false
        if planted == .skipsIntervals {
            node.lazySince = nil
            return
        }
        answer(node.storage.log.sync(), to: node)
    }

    /// Tells a node what came of writing or syncing its log, and the checkers what it counts on.
    mutating func answer(_ outcome: LogOutcome, to node: SimulatedShard) {
        let index = node.index
        switch outcome {
        case .synced(let position):
            mirror.synced(index, upTo: position)
            watermarks.synced(index, upTo: position)
            said.synced(index, upTo: position)
            node.lazySince = nil
        case .written(let position):
            mirror.counted(index, upTo: position)
            noteLaziness(of: node)
        case .full, .failed: break
        }
        log.note(now, index, .synced, 0, "hears of its log: \(Words.logged(outcome))")
        turn(index, .logAnswered(outcome))
        if case .full = outcome { retryLog(of: node) }
    }

    /// Something counts as synced and is not: it may be gone with the power, until the interval is
    /// over, or, where syncs are left to the operating system, for ever.
    private func noteLaziness(of node: SimulatedShard) {
        guard node.storage.log.needsSync else { return }
        switch schedule.storage.sync {
        case .everyWrite: return
        case .interval: node.lazySince = node.lazySince ?? now
        case .operatingSystem: node.lazySince = .start
        }
    }
}
