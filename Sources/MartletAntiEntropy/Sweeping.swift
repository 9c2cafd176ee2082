// What follows from a watermark: deleted and expired keys go. Each partition is swept when it is
// settled further on, and once at the start.
//
//     settled ─► waits ─► notes of what may go, page by page ─► those up to the watermark removed
//                  ▲                      │ the clock is not trusted any more
//                  └──────────────────────┘
internal import DequeModule
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// The walks over what may be removed here.
struct Sweeping {
    /// A walk over the removable objects of one partition.
    private struct Sweep {
        var partition: UInt16
        var cursor: StorageKey?
        var ticket: ReadTicket?
    }

    private var waiting = Deque<UInt16>()
    private var current: Sweep?
    private var next = Instant.never
    private(set) var marks = Marks<AntiEntropyMark>()

    /// How long a sweep rests between two pages.
    private static let pause = Duration.milliseconds(20)
    /// Pages read in one go where none shows anything to remove.
    private static let pageLimit = 32
    /// Bytes of notes read at a time: each may cost a read of the object.
    private static let pageBytes = 16 << 10

    /// When `tick` is next due.
    func nextWakeup(_ clock: ClockTrust) -> Instant { isSweeping(clock) ? next : .never }

    /// Whether there is a partition to sweep, and no read that its sweep waits for.
    private func isSweeping(_ clock: ClockTrust) -> Bool {
        clock.mayRemove && (current.map { $0.ticket == nil } ?? !waiting.isEmpty)
    }

    // MARK: Events

    mutating func start(at now: Moment) { next = now.instant + Self.pause }

    mutating func topologyChanged(_ here: Standpoint) {
        waiting.removeAll { !here.owns($0) }
        settled(here.changed.filter(here.owns))
    }

    /// `partitions` are settled further on.
    mutating func settled(_ partitions: [UInt16]) {
        for partition in partitions where !waiting.contains(partition) { waiting.append(partition) }
    }

    /// Sweeps on until something was found, or it is enough at a time.
    mutating func tick(
        _ here: Standpoint, _ times: SettledTimes, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard now.instant >= next else { return }
        next = now.instant + Self.pause
        let before = effects.count
        for _ in 0..<Self.pageLimit where isSweeping(here.clock) && effects.count == before {
            sweepPage(here, times, at: now, into: &effects)
        }
    }

    /// The page of a sweep is there.
    mutating func readCompleted(
        _ read: CompletedRead, _ here: Standpoint, _ times: SettledTimes, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let ticket = current?.ticket, ticket == read.ticket else { return }
        current?.ticket = nil
        if case .page(let page) = read.result {
            take(page, here, times, at: now, into: &effects)
        } else {
            current = nil
        }
    }

    // MARK: Pages

    private mutating func sweepPage(
        _ here: Standpoint, _ times: SettledTimes, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        if current == nil { current = waiting.popFirst().map { Sweep(partition: $0) } }
        guard let sweep = current else { return }
        let outcome = here.engine.scan(
            .removable, partitions: sweep.partition...sweep.partition, after: sweep.cursor,
            limitBytes: Self.pageBytes, for: .sweep)
        switch outcome {
        case .page(let page): take(page, here, times, at: now, into: &effects)
        case .pending(let ticket): current?.ticket = ticket
        case .refused: break
        }
    }

    private mutating func take(
        _ page: ScanPage, _ here: Standpoint, _ times: SettledTimes, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let partition = current?.partition else { return }
        guard here.clock.mayRemove else {
            marks.occurred(.sweepPutOff)
            current = nil
            return waiting.append(partition)
        }
        let wall = now.wall.earlier(by: here.options.expirySlack + here.clock.margin)
        let settled = times.trusted(partition)
        for entry in page.entries {
            guard let note = Removable(entry.value), note.horizon <= settled, note.from <= wall
            else { continue }
            effects.append(
                .remove(entry.key.key, Partition(index: partition), absentSince: wall))
        }
        marks.occurred(.sweepOfPages, if: page.next != nil)
        current = page.next.map { Sweep(partition: partition, cursor: $0) }
    }

    func checkInvariants(_ here: Standpoint) {
        // A sweep that is put off goes behind another of its partition.
        invariant(
            waiting.count <= 2 * here.owned.count + 1,
            "\(waiting.count) sweeps of \(here.owned.count) partitions wait")
        let count = here.topology?.partitionCount.value ?? 0
        invariant(
            waiting.allSatisfy { Int($0) < count } && Int(current?.partition ?? 0) <= count,
            "sweeps of \(waiting) and \(current?.partition ?? 0), there are \(count)")
    }
}
