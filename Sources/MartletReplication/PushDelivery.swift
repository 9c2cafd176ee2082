// Sending other homes what an exchange found them to lack: a key at a time, a window of them under
// way, narrowed when the other home is slow to take them. One that is lost is found again by the
// next exchange.
internal import DequeModule
public import MartletBase
public import MartletRing
internal import MartletVersions
internal import MartletWire

/// Where delivery stands.
struct PushDelivery {
    /// Pushes that may wait; more are let go, and found by a later exchange.
    static let queueLimit = 16_384
    /// How long a push under way is waited for.
    static let patience = Duration.seconds(2)

    struct Push {
        var location: Location
        var node: NodeID
        var at: Instant
    }

    private var window: AdaptiveWindow
    private var queue = Deque<Push>()
    private(set) var sent: [OperationID: Push] = [:]

    init(options: ReplicationOptions) {
        window = AdaptiveWindow(options)
    }

    /// Those that wait and those under way.
    var count: Int { queue.count + sent.count }

    mutating func append(_ push: Push) {
        if queue.count < Self.queueLimit { queue.append(push) }
    }

    /// The next that may go.
    mutating func next() -> Push? {
        sent.count < window.size ? queue.popFirst() : nil
    }

    mutating func note(_ push: Push, under id: OperationID) { sent[id] = push }

    mutating func drop(_ id: OperationID) { sent[id] = nil }

    /// Takes off what has been answered; nil when nobody waited for it.
    mutating func take(_ id: OperationID, at now: Instant) -> Push? {
        guard let push = sent.removeValue(forKey: id) else { return nil }
        window.observe(now.since(push.at))
        return push
    }

    /// Gives up what was sent to `node` or is to be; returns what was under way.
    mutating func forget(_ node: NodeID) -> [OperationID] {
        queue.removeAll { $0.node == node }
        return giveUp { $0.node == node }
    }

    /// Gives up what is overdue.
    mutating func forgetOverdue(at now: Instant) -> [OperationID] {
        let overdue = giveUp { now.since($0.at) > Self.patience }
        if !overdue.isEmpty { window.shrink() }
        return overdue
    }

    /// When something under way is overdue.
    var nextWakeup: Instant {
        // any order: the least of them all.
        sent.values.map(\.at).min().map { $0 + Self.patience } ?? .never
    }

    private mutating func giveUp(_ condition: (Push) -> Bool) -> [OperationID] {
        let ids = sent.filter { condition($0.value) }.map(\.key).sorted()
        for id in ids { sent[id] = nil }
        return ids
    }
}

extension Replication {
    /// Sends `node` what is held here of `key`, as soon as the window allows.
    public mutating func push(
        _ key: Bytes, in partition: Partition, to node: NodeID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) {
        pushes.append(
            PushDelivery.Push(
                location: Location(partition: partition, key: key), node: node, at: now.instant))
        deliverPushes(at: now, into: &effects)
    }

    mutating func deliverPushes(at now: Moment, into effects: inout [ReplicationEffect]) {
        for id in pushes.forgetOverdue(at: now.instant) { operations.remove(id.rawValue) }
        while var push = pushes.next() {
            guard isReachable(push.node) else { continue }
            push.at = now.instant
            let id = begin(.push)
            pushes.note(push, under: id)
            perform(.push(id), at: push.location, at: now, into: &effects)
        }
    }

    /// Sends what is under way, as it is by now. What is gone by now is not sent: the exchange that
    /// asked for it was overtaken.
    mutating func push(
        _ id: OperationID, at location: Location, into effects: inout [ReplicationEffect]
    ) throws(ReplicaFailure) {
        guard let push = pushes.sent[id] else { return }
        let object = try replica.object(at: location)
        if object.isEmpty {
            pushes.drop(id)
            operations.remove(id.rawValue)
            return
        }
        counts.pushes += 1
        let message = ReplicaPut(
            operation: id, key: location.key, object: object, purpose: .exchange, durable: false,
            patience: PushDelivery.patience)
        effects.append(.send(.replicaPut(message), to: push.node))
    }

    /// Whether the answer was to a push.
    mutating func pushAnswered(
        _ reply: ReplicaPutReply, by node: NodeID, at now: Moment,
        into effects: inout [ReplicationEffect]
    ) -> Bool {
        guard pushes.sent[reply.operation]?.node == node else { return false }
        operations.remove(reply.operation.rawValue)
        _ = pushes.take(reply.operation, at: now.instant)
        deliverPushes(at: now, into: &effects)
        return true
    }
}
