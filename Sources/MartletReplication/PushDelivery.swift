// Sending other homes what exchanges found them to lack: many objects in a parcel, a window of them
// under way to each home, narrowed when it is slow to take them. One that is lost is found again by
// a later exchange.
//
//     push ─► queue of its home ─► read, key by key ─► parcel ─► answered
//                   a while                            full, or all were read
internal import DequeModule
public import MartletBase
public import MartletRing
internal import MartletVersions
internal import MartletWire

/// Where delivery stands.
struct PushDelivery {
    /// Objects that may wait; more are let go, and found by a later exchange.
    static let queueLimit = 16_384
    /// How long objects gather before they are read, so that many go together.
    static let gathering = Duration.milliseconds(100)
    /// Bytes of keys and values at which a parcel is full.
    static let parcelBytes = 64 << 10

    /// Objects for one home, being read here or under way.
    struct Batch {
        var peer: Peer
        var at: Instant
        /// How long its answer is waited for.
        var patience: Duration
        /// How many are still being read.
        var reading: Int
        /// Those that were read, until they are sent, and their bytes.
        var entries: [Parcel.Entry] = []
        var bytes = 0
        /// How many were sent.
        var sent = 0

        /// All that the window has to hold.
        var count: Int { reading + entries.count + sent }

        func isOverdue(at now: Instant) -> Bool { now.since(at) >= patience }
    }

    /// Objects being read or under way.
    private var windows: HomeWindows
    /// What waits, by peer; whose turn it is comes first.
    private var queues: [(peer: Peer, keys: Deque<Location>)] = []
    /// How many wait.
    private var queued = 0
    /// From when on what waits may go.
    private var opening = Instant.never
    private(set) var sent: [OperationID: Batch] = [:]

    init(options: ReplicationOptions) {
        windows = HomeWindows(options)
    }

    /// How long a parcel that is begun now is waited for.
    func patience(with node: NodeID) -> Duration { windows.patience(with: node) }

    /// Objects that wait and those under way.
    var count: Int { queued + windows.underWay }

    mutating func append(_ location: Location, for peer: Peer, at now: Instant) {
        guard queued < Self.queueLimit else { return }
        let place = queues.firstIndex { $0.peer == peer } ?? queues.count
        if place == queues.count { queues.append((peer, [])) }
        queues[place].keys.append(location)
        if queued == 0 { opening = now + Self.gathering }
        queued += 1
    }

    /// The next objects that may go to one peer, in the order in which they came, and to which.
    mutating func next(at now: Instant) -> (peer: Peer, keys: [Location])? {
        guard now >= opening, let place = openQueue else { return nil }
        // What is left of that peer's goes behind all others'.
        var queue = queues.remove(at: place)
        let room = min(windows.room(for: queue.peer.node), Parcel.entryLimit)
        let keys = Array(queue.keys.prefix(room))
        queue.keys.removeFirst(keys.count)
        queued -= keys.count
        if !queue.keys.isEmpty { queues.append(queue) }
        return (queue.peer, keys)
    }

    /// The first queue whose home has room in its window.
    private var openQueue: Int? { queues.firstIndex { windows.room(for: $0.peer.node) > 0 } }

    // MARK: Batches

    mutating func begin(_ batch: Batch, under id: OperationID) {
        sent[id] = batch
        windows.begin(batch.count, to: batch.peer.node)
    }

    /// Takes in what was read; nil where there was nothing.
    mutating func read(_ entry: Parcel.Entry?, under id: OperationID) -> Outcome {
        guard var batch = sent[id], batch.reading > 0 else { return .waits }
        batch.reading -= 1
        if let entry {
            batch.entries.append(entry)
            batch.bytes += entry.key.count + entry.object.valueByteCount
        } else {
            windows.end(1, to: batch.peer.node)
        }
        let entries = batch.entries
        if batch.reading == 0 {
            batch.sent += entries.count
            batch.entries = []
            sent[id] = batch.sent == 0 ? nil : batch
            return entries.isEmpty ? .ends : .isWhole(entries)
        }
        guard batch.bytes >= Self.parcelBytes else {
            sent[id] = batch
            return .waits
        }
        batch.entries = []
        batch.bytes = 0
        sent[id] = batch
        windows.end(entries.count, to: batch.peer.node)
        return .isFull(entries)
    }

    /// What is to be done with a batch.
    enum Outcome {
        /// More is being read.
        case waits
        /// Nothing was there to be sent.
        case ends
        /// All is read: these go.
        case isWhole([Parcel.Entry])
        /// These go under an operation of their own, and more is being read.
        case isFull([Parcel.Entry])
    }

    /// Takes off what has been answered.
    mutating func take(_ id: OperationID, at now: Instant) {
        guard let batch = sent.removeValue(forKey: id) else { return }
        windows.end(batch.count, to: batch.peer.node)
        windows.answered(batch.peer.node, after: now.since(batch.at), count: batch.sent)
    }

    /// Gives up what was sent to `node` or is to be; returns what was under way.
    mutating func forget(_ node: NodeID) -> [OperationID] {
        for queue in queues where queue.peer.node == node { queued -= queue.keys.count }
        queues.removeAll { $0.peer.node == node }
        let ids = giveUp { $0.peer.node == node }
        windows.forget(node)
        return ids
    }

    /// Gives up what is overdue.
    mutating func forgetOverdue(at now: Instant) -> [OperationID] {
        // any order: each home has a window of its own.
        for node in Set(sent.values.lazy.filter { $0.isOverdue(at: now) }.map(\.peer.node)) {
            windows.overdue(node)
        }
        return giveUp { $0.isOverdue(at: now) }
    }

    /// When something under way is overdue, or what waits may go.
    var nextWakeup: Instant {
        // any order: the least of them all.
        let overdue = sent.values.map { $0.at + $0.patience }.min() ?? .never
        return openQueue == nil ? overdue : min(opening, overdue)
    }

    /// Recounts what the counters claim. O(homes + batches); for tests and simulation.
    func checkInvariants() {
        let waiting = queues.reduce(0) { $0 + $1.keys.count }
        invariant(waiting == queued, "\(waiting) objects wait, counted \(queued)")
        invariant(queued <= Self.queueLimit, "\(queued) objects wait")
        invariant(queues.allSatisfy { !$0.keys.isEmpty }, "a peer's turn without an object")
        invariant(Set(queues.map(\.peer)).count == queues.count, "a peer has two turns")
        // any order: a sum.
        let underWay = sent.values.reduce(0) { $0 + $1.count }
        invariant(
            underWay == windows.underWay, "\(underWay) under way, counted \(windows.underWay)")
        windows.checkInvariants()
        invariant(sent.values.allSatisfy { $0.count > 0 }, "a batch of nothing is under way")
    }

    private mutating func giveUp(_ condition: (Batch) -> Bool) -> [OperationID] {
        if sent.isEmpty { return [] }
        let ids = sent.filter { condition($0.value) }.map(\.key).sorted()
        for id in ids {
            guard let batch = sent.removeValue(forKey: id) else { continue }
            windows.end(batch.count, to: batch.peer.node)
        }
        return ids
    }
}

extension Replication {
    /// Sends `node` what is held here of `key`, together with others and as soon as the window
    /// allows: `tick` does.
    public mutating func push(
        _ key: Bytes, in partition: Partition, to node: NodeID, at now: Moment
    ) {
        pushes.append(
            Location(partition: partition, key: key), for: peer(node, serving: partition),
            at: now.instant)
    }

    mutating func deliverPushes(at now: Moment, into outbox: inout Outbox) {
        for id in pushes.forgetOverdue(at: now.instant) {
            counts.marks.occurred(.pushOverdue)
            operations.remove(id.rawValue)
        }
        while let (peer, keys) = pushes.next(at: now.instant) {
            guard isReachable(peer.node) else { continue }
            let id = begin(.push)
            pushes.begin(
                PushDelivery.Batch(
                    peer: peer, at: now.instant, patience: pushes.patience(with: peer.node),
                    reading: keys.count),
                under: id)
            for location in keys {
                perform(.push(id), at: location, at: now, into: &outbox)
            }
        }
    }

    /// Adds what is held at `location` by now to what is sent. What is gone by now is not sent: the
    /// exchange that asked for it was overtaken.
    mutating func push(
        _ id: OperationID, at location: Location, at now: Moment,
        into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        let object = try replica.object(at: location)
        let entry = object.isEmpty ? nil : Parcel.Entry(key: location.key, object: object)
        pushRead(entry, under: id, at: now, into: &outbox)
    }

    /// One of the objects of a batch was read, or is not to be had.
    mutating func pushRead(
        _ entry: Parcel.Entry?, under id: OperationID, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard let (peer, patience) = pushes.sent[id].map({ ($0.peer, $0.patience) }) else {
            return
        }
        switch pushes.read(entry, under: id) {
        case .waits: return
        case .ends: operations.remove(id.rawValue)
        case .isWhole(let entries):
            send(entries, to: peer, under: id, patience, into: &outbox)
        case .isFull(let entries):
            counts.marks.occurred(.parcelFull)
            let other = begin(.push)
            pushes.begin(
                PushDelivery.Batch(
                    peer: peer, at: now.instant, patience: patience, reading: 0,
                    sent: entries.count),
                under: other)
            send(entries, to: peer, under: other, patience, into: &outbox)
        }
    }

    private mutating func send(
        _ entries: [Parcel.Entry], to peer: Peer, under id: OperationID,
        _ patience: Duration, into outbox: inout Outbox
    ) {
        counts.pushes += UInt64(entries.count)
        let parcel = Parcel(operation: id, patience: patience, entries: entries)
        outbox.send(.parcel(parcel), to: peer)
    }

    /// Whether the answer was to a parcel.
    mutating func pushAnswered(
        _ reply: ReplicaPutReply, by node: NodeID, at now: Moment,
        into outbox: inout Outbox
    ) -> Bool {
        guard pushes.sent[reply.operation]?.peer.node == node else { return false }
        operations.remove(reply.operation.rawValue)
        pushes.take(reply.operation, at: now.instant)
        deliverPushes(at: now, into: &outbox)
        return true
    }
}
