// Bringing hints home: passes over the store in its order, a window of hints under way, narrowed
// when homes are slow to take them. A hint is forgotten only when its home has it synced, and only
// if it has not changed since it was sent.
internal import MartletBase
internal import MartletStorage
internal import MartletWire

/// Where delivery stands.
struct HintDelivery {
    /// How long a pass rests before the next while hints are left.
    static let passPause = Duration.milliseconds(500)
    /// How long a hint under way is waited for.
    static let patience = Duration.seconds(2)
    /// Hints looked at in one go: most may be for homes that are still away, and nothing else is
    /// done meanwhile.
    static let lookLimit = 1_024
    /// How long a pass that has reached `lookLimit` lets others have their turn.
    static let lookPause = Duration.milliseconds(10)
    /// Bytes of hints read from the store at a time.
    static let pageBytes = 64 << 10

    /// One hint that its home has not yet acknowledged.
    struct Sent {
        var key: StorageKey
        var bytes: Bytes
        var home: NodeID
        var at: Instant
    }

    private let windowLimit: Int
    private let latencyTarget: Duration
    private var window: Int
    private(set) var sent: [OperationID: Sent] = [:]
    /// Hints read from the store and not yet looked at.
    private var page: ArraySlice<ScanPage.Entry> = []
    /// Where the pass goes on behind `page`; nil at its end.
    private var cursor: StorageKey?
    private var isPassBeginning = true
    private(set) var nextStep = Instant.start

    init(options: ReplicationOptions) {
        windowLimit = options.hintWindowLimit
        latencyTarget = options.hintLatencyTarget
        window = max(1, options.hintWindowLimit / 4)
    }

    func nextWakeup(owing: Bool) -> Instant { owing ? nextStep : .never }

    var hasRoom: Bool { sent.count < window }

    /// A home is back: look at once, from the start.
    mutating func wake(at now: Instant) {
        page = []
        cursor = nil
        isPassBeginning = true
        nextStep = now
    }

    mutating func rest(at now: Instant) {
        nextStep = now + Self.passPause
    }

    /// Goes on soon: this was enough at a time.
    mutating func pause(at now: Instant) {
        nextStep = now + Self.lookPause
    }

    /// There is room again in the middle of a pass: go on without resting.
    mutating func continueNow(at now: Instant) {
        if !page.isEmpty || cursor != nil { nextStep = min(nextStep, now) }
    }

    /// The next hint of the pass, read by `read` a page at a time; nil at the end of the pass.
    mutating func next(_ read: (StorageKey?) -> ScanPage) -> ScanPage.Entry? {
        if page.isEmpty, cursor != nil || isPassBeginning {
            let read = read(cursor)
            page = read.entries[...]
            cursor = read.next
        }
        isPassBeginning = page.isEmpty && cursor == nil
        return page.popFirst()
    }

    func isUnderWay(_ key: StorageKey) -> Bool {
        sent.values.contains { $0.key == key }
    }

    mutating func note(_ hint: Sent, under id: OperationID) {
        sent[id] = hint
    }

    /// Takes a hint off the list as its home answers, and adapts the window to how long it took:
    /// one more for a quick answer, half for a slow one.
    mutating func take(_ id: OperationID, at now: Instant) {
        guard let hint = sent.removeValue(forKey: id) else { return }
        let isSlow = now.since(hint.at) > latencyTarget
        window = isSlow ? max(1, window / 2) : min(window + 1, windowLimit)
    }

    /// Gives up waiting for what was sent to `node`; the next pass sends it again. Returns what is
    /// given up.
    mutating func forget(_ node: NodeID) -> [OperationID] {
        giveUp { $0.home == node }
    }

    /// Gives up waiting for what is overdue.
    mutating func forgetOverdue(at now: Instant) -> [OperationID] {
        let overdue = giveUp { now.since($0.at) > Self.patience }
        if !overdue.isEmpty { window = max(1, window / 2) }
        return overdue
    }

    private mutating func giveUp(_ condition: (Sent) -> Bool) -> [OperationID] {
        let ids = sent.filter { condition($0.value) }.map(\.key).sorted()
        for id in ids { sent[id] = nil }
        return ids
    }
}

extension Replication {
    /// Sends the next hints whose homes can be reached, as far as the window allows.
    mutating func deliverHints(at now: Moment, into effects: inout [ReplicationEffect]) {
        guard !replica.hintCounts.isEmpty, now.instant >= hints.nextStep else { return }
        for id in hints.forgetOverdue(at: now.instant) { operations.remove(id.rawValue) }
        hints.rest(at: now.instant)
        guard replica.hintCounts.keys.contains(where: peers.isReachable) else { return }
        var looks = 0
        while hints.hasRoom {
            if looks == HintDelivery.lookLimit {
                hints.pause(at: now.instant)
                return
            }
            looks += 1
            let entry = hints.next { [replica] in
                replica.hints(after: $0, limitBytes: HintDelivery.pageBytes)
            }
            guard let entry else { return }
            sendHint(entry, at: now, into: &effects)
        }
    }

    private mutating func sendHint(
        _ entry: ScanPage.Entry, at now: Moment, into effects: inout [ReplicationEffect]
    ) {
        guard let home = entry.key.home, home != local, peers.isReachable(home),
            !hints.isUnderWay(entry.key)
        else { return }
        do throws(RequestError) {
            let object = try replica.object(of: entry.key, bytes: entry.value)
            let id = begin(.hint)
            hints.note(
                HintDelivery.Sent(
                    key: entry.key, bytes: entry.value, home: home, at: now.instant),
                under: id)
            let message = ReplicaPut(
                operation: id, key: entry.key.key, object: object, purpose: .hint, durable: true,
                patience: HintDelivery.patience)
            effects.append(.send(.replicaPut(message), to: home))
        } catch {
            counts.failures += 1
        }
    }

    mutating func hintAnswered(
        _ reply: ReplicaPutReply, by node: NodeID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        guard let hint = hints.sent[reply.operation], hint.home == node else { return }
        operations.remove(reply.operation.rawValue)
        hints.take(reply.operation, at: now.instant)
        guard reply.outcome == .stored else { return }
        do throws(RequestError) {
            try replica.forgetHint(at: hint.key, ifStill: hint.bytes)
        } catch {
            // It stays, and is delivered once more; merging twice changes nothing.
            counts.failures += 1
        }
        hints.continueNow(at: now.instant)
        deliverHints(at: now, into: &effects)
    }
}
