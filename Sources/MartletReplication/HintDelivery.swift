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
    /// Bytes of hints looked at in one step.
    static let stepBytes = 256 << 10

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
    /// The hint last looked at; nil at the start of a pass.
    var cursor: StorageKey?
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
        cursor = nil
        nextStep = now
    }

    mutating func rest(at now: Instant) {
        nextStep = now + Self.passPause
    }

    /// There is room again in the middle of a pass: go on without resting.
    mutating func continueNow(at now: Instant) {
        if cursor != nil { nextStep = min(nextStep, now) }
    }

    func isUnderWay(_ key: StorageKey) -> Bool {
        sent.values.contains { $0.key == key }
    }

    mutating func note(_ hint: Sent, under id: OperationID) {
        sent[id] = hint
    }

    /// Takes a hint off the list as its home answers, and adapts the window to how long it took:
    /// one more for a quick answer, half for a slow one.
    mutating func take(_ id: OperationID, at now: Instant) -> Sent? {
        guard let hint = sent.removeValue(forKey: id) else { return nil }
        let isSlow = now.since(hint.at) > latencyTarget
        window = isSlow ? max(1, window / 2) : min(window + 1, windowLimit)
        return hint
    }

    /// Gives up waiting for what is overdue, or was sent to `node`; the next pass sends it again.
    mutating func forget(_ node: NodeID) {
        sent = sent.filter { $0.value.home != node }
    }

    mutating func forgetOverdue(at now: Instant) {
        let overdue = sent.filter { now.since($0.value.at) > Self.patience }
        guard !overdue.isEmpty else { return }
        for id in overdue.keys { sent[id] = nil }
        window = max(1, window / 2)
    }
}

extension Replication {
    /// Sends the next hints whose homes can be reached, as far as the window allows.
    mutating func deliverHints(at now: Moment, into effects: inout [ReplicationEffect]) {
        guard !replica.hintCounts.isEmpty, now.instant >= hints.nextStep else { return }
        hints.forgetOverdue(at: now.instant)
        hints.rest(at: now.instant)
        guard replica.hintCounts.keys.contains(where: reachable.contains) else { return }
        while hints.hasRoom {
            let page = replica.hints(after: hints.cursor, limitBytes: HintDelivery.stepBytes)
            for entry in page.entries {
                guard hints.hasRoom else { return }
                hints.cursor = entry.key
                sendHint(entry, at: now, into: &effects)
            }
            guard page.next != nil else {
                hints.cursor = nil
                return
            }
        }
    }

    private mutating func sendHint(
        _ entry: ScanPage.Entry, at now: Moment, into effects: inout [ReplicationEffect]
    ) {
        guard let home = entry.key.home, home != local, reachable.contains(home),
            !hints.isUnderWay(entry.key)
        else { return }
        do throws(RequestError) {
            let object = try replica.object(of: entry.key, bytes: entry.value)
            let id = newOperation()
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
        guard let hint = hints.take(reply.operation, at: now.instant), hint.home == node,
            reply.outcome == .stored
        else { return }
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
