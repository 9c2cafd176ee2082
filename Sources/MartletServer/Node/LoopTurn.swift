// One turn of a node's loop: what sockets and threads have brought is taken in, what comes of it
// leaves, and the loop looks again. Everybody else waits meanwhile, so that a turn takes in no more
// than it has time for. Reads no clock.
//
//     beganAt ── commands ─ deliveries ──► flush ──► end
//                    │          │
//                    └──────────┴──► the rest, in later turns: slice by slice, in rotation
internal import MartletBase

/// What the present turn has taken in, and how long turns have been.
struct LoopTurn {
    /// How long clients' commands may take up a turn before the rest waits for another.
    static let commandLimit = Duration.milliseconds(4)
    /// How long what peers and the storage's threads bring may.
    static let deliveryLimit = Duration.milliseconds(2)
    /// So many of those are taken in all the same where commands have used the time up: they are
    /// what brings earlier commands to their end.
    static let deliveryShare = 256
    /// The least of that which one of several clients gets that wait for a turn.
    static let sliceLimit = Duration.microseconds(500)
    /// Between the end of a turn and the next of those that wait for one, so that the loop looks at
    /// its sockets: it runs all tasks that are due before it does.
    static let pause = Duration.microseconds(100)
    /// How long all of a turn may take before what is left to be written waits for another.
    static let flushLimit = Duration.milliseconds(6)

    /// The clock is looked at after so much effort.
    private static let effortLimit = 16
    /// Bytes that count as much as one more message, command or answer.
    private static let bytesOfOneEffort = 16 << 10

    /// When the turn began; nil between turns.
    private(set) var beganAt: Instant?
    private var sliceEnd = Instant.never
    /// When it was last asked whether the turn is over.
    private var askedAt = Instant.start
    private var deliveryCount = 0
    private var effort = 0
    /// How long turns have been.
    private(set) var lengths = TurnLengths()

    /// How much it takes to deal with something of so many bytes: 1 and up.
    static func effort(ofBytes byteCount: Int) -> Int { 1 + byteCount / bytesOfOneEffort }

    /// A turn begins, or goes on.
    mutating func begin(at now: Instant) {
        guard beganAt == nil else { return }
        (beganAt, askedAt) = (now, now)
    }

    /// One of `count` clients that wait for a turn may go on now.
    mutating func beginSlice(at now: Instant, sharedBy count: Int) {
        sliceEnd = now + max(Self.sliceLimit, Self.commandLimit / count)
        askedAt = now
    }

    /// No client that has waited goes on any more.
    mutating func endSlices() { sliceEnd = .never }

    /// Whether no further command of the client is taken in: there is no time for what takes as
    /// long as what was done since this was last asked.
    mutating func isOver(at now: Instant) -> Bool {
        let expectedEnd = now + now.since(max(askedAt, beganAt ?? now))
        askedAt = now
        return now >= sliceEnd || areCommandsOver(at: expectedEnd)
    }

    /// Whether no further command of anybody is.
    func areCommandsOver(at now: Instant) -> Bool { took(until: now) >= Self.commandLimit }

    /// Counts a delivery of `byteCount` bytes; whether it is time to look at the clock.
    mutating func noteDelivery(of byteCount: Int) -> Bool {
        deliveryCount += 1
        return noteEffort(of: byteCount)
    }

    /// Counts something of `byteCount` bytes; whether it is time to look at the clock.
    mutating func noteEffort(of byteCount: Int) -> Bool {
        effort += Self.effort(ofBytes: byteCount)
        guard effort >= Self.effortLimit else { return false }
        effort = 0
        return true
    }

    /// Whether no further delivery is taken in.
    func areDeliveriesOver(at now: Instant) -> Bool {
        let limit =
            deliveryCount < Self.deliveryShare
            ? Self.commandLimit + Self.deliveryLimit : Self.deliveryLimit
        return took(until: now) >= limit
    }

    /// Whether nothing more is written.
    func isFlushOver(at now: Instant) -> Bool { took(until: now) >= Self.flushLimit }

    /// All that the turn has brought has left.
    mutating func end(at now: Instant) {
        if beganAt != nil { lengths.note(took(until: now), at: now) }
        beganAt = nil
        deliveryCount = 0
        effort = 0
    }

    private func took(until now: Instant) -> Duration { beganAt.map { now.since($0) } ?? .zero }
}

/// How long turns have taken: the figure that an operator is shown.
struct TurnLengths {
    /// No turn should be longer.
    static let aim = Duration.milliseconds(10)
    /// The longest turn is told of this period and the one before.
    static let period = Duration.seconds(30)

    /// Turns that took longer than they should, since the start.
    private(set) var longCount: UInt64 = 0
    private var present = Duration.zero
    private var previous = Duration.zero
    private var periodEnd = Instant.start

    /// A turn of that length has ended.
    mutating func note(_ length: Duration, at now: Instant) {
        if length > Self.aim { longCount += 1 }
        if now >= periodEnd {
            previous = now < periodEnd + Self.period ? present : .zero
            present = .zero
            periodEnd = now + Self.period
        }
        present = max(present, length)
    }

    /// The longest turn of the last 30 to 60 seconds.
    func longest(at now: Instant) -> Duration {
        if now < periodEnd { return max(present, previous) }
        return now < periodEnd + Self.period ? present : .zero
    }
}

/// Has more to do than one turn had time for.
protocol TurnTaker: AnyObject {
    /// Goes on, in another turn; asks for a further one where that is not enough either.
    func takeTurn()
}
