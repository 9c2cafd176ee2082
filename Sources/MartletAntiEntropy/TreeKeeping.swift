// The care of the trees: those that are unknown, since data was lost, or too coarse by now are made
// anew from what the storage holds; all others are, one after the other, to see that they are
// right.
//
//     due, or to be verified ─► a page ─► a pause ─► … ─► made: what was lost comes back soon
internal import MartletBase
internal import MartletStorage

/// The one tree that a node makes at a time.
struct TreeKeeping {
    /// A tree being made.
    private struct OpenTree {
        var build: TreeBuild
        var ticket: ReadTicket?
    }

    private var current: OpenTree?
    /// Which of the node's partitions was verified last.
    private var verified = 0
    /// When `tick` is next due.
    private(set) var next = Instant.never
    private var nextVerification = Instant.never

    /// How long the trees are left alone at the start.
    private static let firstPause = Duration.milliseconds(20)
    /// How long the care of a tree rests between two pages.
    private static let pagePause = Duration.milliseconds(5)
    /// How often it is looked whether a tree has become due.
    private static let lookPause = Duration.seconds(1)

    // MARK: Events

    mutating func start(at now: Moment) {
        next = now.instant + Self.firstPause
        nextVerification = now.instant
    }

    /// Goes on with the tree that is being made, or begins with the next. Returns the partition
    /// whose tree is made now.
    mutating func tick(_ here: Standpoint, at now: Moment) -> UInt16? {
        guard now.instant >= next else { return nil }
        next = now.instant + Self.lookPause
        guard let current else {
            begin(here, at: now)
            return nil
        }
        // The read that it may wait for moves it on.
        return current.ticket == nil ? take(current.build.step(), at: now) : nil
    }

    /// A read that a tree waited for is there. Returns the partition whose tree is made now.
    mutating func readCompleted(_ read: CompletedRead, at now: Moment) -> UInt16? {
        guard let build = current?.build, let ticket = current?.ticket, ticket == read.ticket else {
            return nil
        }
        current?.ticket = nil
        return take(build.supply(read.result), at: now)
    }

    // MARK: Pages

    private mutating func take(_ step: TreeBuild.Step, at now: Moment) -> UInt16? {
        next = now.instant + Self.pagePause
        switch step {
        case .pending(let ticket): current?.ticket = ticket
        case .page, .refused: break
        case .done:
            defer { current = nil }
            return current?.build.partition
        case .abandoned: current = nil
        }
        return nil
    }

    /// Those that are due go first; all are verified within `AntiEntropyOptions.verification`.
    private mutating func begin(_ here: Standpoint, at now: Moment) {
        let owned = here.owned
        // One that is home of nothing has trees too, of what it is to hand on.
        var chosen = here.topology == nil ? nil : here.engine.treesDue.first
        let verification = here.options.verification
        if chosen == nil, !owned.isEmpty, verification > .zero, now.instant >= nextVerification {
            nextVerification = now.instant + verification / owned.count
            verified = (verified + 1) % owned.count
            chosen = owned[verified]
        }
        guard let chosen, let build = here.engine.buildTree(of: chosen) else { return }
        current = OpenTree(build: build)
        next = now.instant + Self.pagePause
    }

    func checkInvariants() {
        guard let current else { return }
        // A tree that waits for no read is moved on by nothing else.
        invariant(
            current.ticket != nil || next < .never,
            "nothing moves on the tree of \(current.build.partition)")
    }
}
