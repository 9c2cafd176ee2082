// How the log is kept from growing for ever: the live entries are logged again, a little with each
// chunk of new writes, and then the segments from before that are dropped. It decides what to log
// again and when; the engine logs it, the log writer drops the segments.

// Replaying from the segment that a checkpoint began gives the same state as replaying everything:
// an entry is logged again as it stands at that moment, and whatever changes it later comes later
// in the log. That segment's number goes as `floor` into the header of the segment made after the
// checkpoint's last chunk was synced; recovery ignores and removes all before the highest floor, so
// a crash at any point leaves either the old beginning or the new one.
import MartletBase

struct Checkpoint {
    private enum State {
        case idle
        /// Entries of `space` up to `cursor` are logged again.
        case running(space: StorageKey.Space, cursor: StorageKey?)
    }

    /// What to log again now.
    struct Step {
        var batch: WriteBatch
        var end: CheckpointEnd?
    }

    private var state = State.idle
    /// Bytes of batches in the log, before compression, since the segment that recovery would
    /// begin with; while running, those since the checkpoint began are counted apart.
    private var loggedBytes: Int
    private var loggedSinceBegin = 0
    /// Bytes of new writes that no step has answered yet.
    private var owedBytes = 0

    /// Bytes logged again for each byte newly written: the log grows by half the live data while a
    /// checkpoint runs.
    private static let pace = 2
    /// What a step logs again at least, so that small writes finish a checkpoint too.
    private static let smallestStepBytes = 4096
    /// What an entry takes in the log beside key and value, about.
    private static let entryBytes = 16

    init(loggedBytes: Int) {
        self.loggedBytes = loggedBytes
    }

    /// Counts a new batch of `bytes` in the log.
    mutating func logged(_ bytes: Int) {
        loggedBytes += bytes
        loggedSinceBegin += bytes
        owedBytes += bytes
    }

    /// The entries that are due to be logged again after the writes counted since the last step;
    /// nil while the log is short enough.
    mutating func step(_ memtable: inout Memtable, options: StorageOptions) -> Step? {
        let due = owedBytes * Self.pace + Self.smallestStepBytes
        owedBytes = 0
        var step = Step(batch: WriteBatch(), end: nil)
        if case .idle = state {
            let live = memtable.dataBytes + memtable.count * Self.entryBytes
            guard loggedBytes > options.segmentBytes,
                loggedBytes / options.checkpointRatio > live
            else { return nil }
            state = .running(space: .state, cursor: nil)
            loggedSinceBegin = 0
            step.end = .begins
        }
        guard case .running(let space, let cursor) = state else { return nil }
        let limit = min(due, options.chunkTargetBytes)
        let page = memtable.scan(space, 0...UInt16.max, after: cursor, limitBytes: limit)
        for entry in page.entries { step.batch.put(entry.key, entry.value) }
        loggedBytes += step.batch.byteCount
        loggedSinceBegin += step.batch.byteCount
        if let next = page.next {
            state = .running(space: space, cursor: next)
        } else if let following = StorageKey.Space(rawValue: space.rawValue + 1) {
            state = .running(space: following, cursor: nil)
        } else {
            state = .idle
            step.end = .completes
            loggedBytes = loggedSinceBegin
        }
        return step
    }
}
