// Bringing hints home: passes over the store in its order, a window of hints under way to each
// home, narrowed when it is slow to take them. Those for a home whose window is full are passed
// over as long as another has room; its next answer begins another pass. A hint is forgotten only
// when its home has it on disk, in every sync mode, and only if it has not changed since it was
// sent.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// Where delivery stands.
struct HintDelivery {
    /// How long a pass rests before the next while hints are left.
    static let passPause = Duration.milliseconds(500)
    /// Hints looked at in one go: most may be for homes that are still away, and nothing else is
    /// done meanwhile.
    static let lookLimit = 1_024
    /// How long a pass that has reached `lookLimit` lets others have their turn.
    static let lookPause = Duration.milliseconds(10)
    /// Bytes of hints read from the store at a time.
    static let pageBytes = 64 << 10

    /// One hint on its way: its object is being read here, or its home has not yet acknowledged it.
    struct Sent {
        var key: StorageKey
        var bytes: Bytes
        /// To whom it goes: its home, or one that is a home where that one is none any more.
        var home: NodeID
        var at: Instant
        /// How long it is waited for.
        var patience: Duration
    }

    private var windows: HomeWindows
    private(set) var sent: [OperationID: Sent] = [:]
    /// Hints read from the store and not yet looked at.
    private var page: ArraySlice<ScanPage.Entry> = []
    /// Where the pass goes on behind `page`.
    private var onward = Onward.start
    private(set) var nextStep = Instant.start
    /// Homes of which the pass has left hints behind, as their windows were full.
    private var passedOver: Set<NodeID> = []

    /// What comes behind the page in hand.
    private enum Onward: Equatable {
        /// What is kept from that partition on, and there after that key.
        case reads(from: UInt16, after: StorageKey?)
        /// A page of partitions up to `last` that is being read from disk. It is let go when a home
        /// has come back since: then the pass begins anew.
        case awaits(ReadTicket, last: UInt16, isStale: Bool)

        /// Where a pass begins.
        static let start = Onward.reads(from: 0, after: nil)
    }

    /// What is asked of the store: hints of `partitions`, after `cursor`.
    struct Reading {
        var partitions: ClosedRange<UInt16>
        var cursor: StorageKey?
    }

    init(options: ReplicationOptions) {
        windows = HomeWindows(options)
    }

    func nextWakeup(owing: Bool) -> Instant { owing ? nextStep : .never }

    /// Whether the window of `home` is not full.
    func hasRoom(for home: NodeID) -> Bool { windows.room(for: home) > 0 }

    /// Hints under way to `home`.
    func underWay(to home: NodeID) -> Int { windows.underWay(to: home) }

    /// Hints under way that were kept for `home`. O(hints under way).
    func underWay(keptFor home: NodeID) -> Int { sent.values.count { $0.key.home == home } }

    /// How long a hint that is sent to `home` now is waited for.
    func patience(with home: NodeID) -> Duration { windows.patience(with: home) }

    /// A home is back: look at once, from the start.
    mutating func wake(at now: Instant) {
        beginAnew()
        nextStep = now
    }

    /// The next look is from the start.
    mutating func beginAnew() {
        page = []
        passedOver = []
        if case .awaits(let ticket, let last, _) = onward {
            onward = .awaits(ticket, last: last, isStale: true)
        } else {
            onward = .start
        }
    }

    /// A hint is left for a later pass, as the window of its home is full.
    mutating func passOver(_ home: NodeID) { passedOver.insert(home) }

    /// Whether another pass would find what to send.
    private var owesAnotherPass: Bool { passedOver.contains(where: hasRoom) }

    mutating func rest(at now: Instant) {
        nextStep = now + Self.passPause
    }

    /// Goes on soon: this was enough at a time.
    mutating func pause(at now: Instant) {
        nextStep = now + Self.lookPause
    }

    /// There is room again in the middle of a pass, or behind one that has passed hints over: go on
    /// without resting.
    mutating func continueNow(at now: Instant) {
        let isMidway =
            switch onward {
            case .reads: onward != .start
            case .awaits: false
            }
        if isMidway || !page.isEmpty || owesAnotherPass { nextStep = min(nextStep, now) }
    }

    /// The next hint of the pass, read by `scan` a page at a time, where `ledger` has hints; nil at
    /// the end of the last pass, and while its next page cannot be had at once.
    mutating func next(
        in ledger: HintLedger, _ scan: (Reading) -> ScanOutcome
    ) -> ScanPage.Entry? {
        while page.isEmpty {
            guard case .reads(let first, let cursor) = onward else { return nil }
            if onward == .start { passedOver = [] }
            guard let partitions = ledger.partitions(from: first) else {
                onward = .start
                if owesAnotherPass { continue }
                return nil
            }
            switch scan(Reading(partitions: partitions, cursor: cursor)) {
            case .page(let page): take(page, upTo: partitions.upperBound)
            case .pending(let ticket):
                onward = .awaits(ticket, last: partitions.upperBound, isStale: false)
            case .refused: return nil
            }
        }
        return page.popFirst()
    }

    private mutating func take(_ read: ScanPage, upTo last: UInt16) {
        page = read.entries[...]
        if let next = read.next {
            onward = .reads(from: next.partition, after: next)
        } else {
            onward = .reads(from: last + 1, after: nil)
        }
    }

    /// A page: the pass that waited for it goes on at once. One that another pass waited for is let
    /// go.
    mutating func pageRead(_ read: ScanPage, for ticket: ReadTicket, at now: Instant) {
        guard case .awaits(ticket, let last, let isStale) = onward else { return }
        if isStale {
            onward = .start
        } else {
            take(read, upTo: last)
        }
        nextStep = now
    }

    /// A page does not read back: the pass that waited for it begins anew.
    mutating func pageLost(for ticket: ReadTicket) {
        guard case .awaits(ticket, _, _) = onward else { return }
        onward = .start
    }

    func isUnderWay(_ key: StorageKey) -> Bool {
        sent.values.contains { $0.key == key }
    }

    mutating func note(_ hint: Sent, under id: OperationID) {
        sent[id] = hint
        windows.begin(1, to: hint.home)
    }

    /// A hint cannot be sent after all.
    mutating func drop(_ id: OperationID) {
        guard let hint = sent.removeValue(forKey: id) else { return }
        windows.end(1, to: hint.home)
    }

    /// Takes a hint off the list as its home answers, and adapts its window to how long it took:
    /// one more for a quick answer, half for a slow one.
    mutating func take(_ id: OperationID, at now: Instant) {
        guard let hint = sent.removeValue(forKey: id) else { return }
        windows.end(1, to: hint.home)
        windows.answered(hint.home, after: now.since(hint.at))
    }

    /// Gives up waiting for what was sent to `node`; the next pass sends it again. Returns what is
    /// given up.
    mutating func forget(_ node: NodeID) -> [OperationID] {
        let ids = sent.filter { $0.value.home == node }.map(\.key).sorted()
        for id in ids { drop(id) }
        windows.forget(node)
        return ids
    }

    /// Gives up waiting for what is overdue.
    mutating func forgetOverdue(at now: Instant) -> [OperationID] {
        let overdue = sent.filter { now.since($0.value.at) > $0.value.patience }
        // any order: each home has a window of its own.
        for home in Set(overdue.values.map(\.home)) { windows.overdue(home) }
        let ids = overdue.keys.sorted()
        for id in ids { drop(id) }
        return ids
    }

    /// Recounts what the windows claim. O(hints under way); for tests and simulation.
    func checkInvariants() {
        windows.checkInvariants()
        invariant(windows.underWay == sent.count, "\(windows.underWay) of \(sent.count) hints")
    }
}

extension Replication {
    /// Whether hints could be sent to the homes that can be reached.
    private enum HintDemand {
        /// All that is kept for them is under way.
        case none
        /// There is more, and their windows are full.
        case full
        /// There is more, and room for it.
        case open
    }

    /// O(homes with hints).
    private var hintDemand: HintDemand {
        var demand = HintDemand.none
        // any order: one with room is enough.
        for (home, count) in replica.hints.perHome {
            if hasDeparted(home) {
                if count > hints.underWay(keptFor: home) { return .open }
            } else if count > hints.underWay(to: home), peers.isReachable(home) {
                if hints.hasRoom(for: home) { return .open }
                demand = .full
            }
        }
        return demand
    }

    /// Whether `node` is of the ring no more: what was kept for it goes to others.
    private func hasDeparted(_ node: NodeID) -> Bool {
        topology.map { $0.member(node) == nil } ?? false
    }

    /// Sends the next hints whose homes can be reached, as far as their windows allow.
    mutating func deliverHints(at now: Moment, into outbox: inout Outbox) {
        guard !replica.hints.perHome.isEmpty, now.instant >= hints.nextStep else { return }
        for id in hints.forgetOverdue(at: now.instant) {
            counts.marks.occurred(.hintOverdue)
            operations.remove(id.rawValue)
        }
        hints.rest(at: now.instant)
        guard
            replica.hints.perHome.keys.contains(where: { peers.isReachable($0) || hasDeparted($0) })
        else { return }
        var looks = 0
        var demand = hintDemand
        while demand == .open {
            if looks == HintDelivery.lookLimit {
                hints.pause(at: now.instant)
                return
            }
            looks += 1
            let entry = hints.next(in: replica.hints) { [engine = replica.engine] in
                engine.scan(
                    .hints, partitions: $0.partitions, after: $0.cursor,
                    limitBytes: HintDelivery.pageBytes, for: .replication)
            }
            guard let entry else { return }
            if sendHint(entry, at: now, into: &outbox) { demand = hintDemand }
        }
        if demand == .none { hints.beginAnew() }
    }

    /// Whether it was sent.
    private mutating func sendHint(
        _ entry: ScanPage.Entry, at now: Moment, into outbox: inout Outbox
    ) -> Bool {
        guard !hints.isUnderWay(entry.key), let home = recipient(of: entry.key) else {
            return false
        }
        if home == local {
            let task = KeyTask.inherit(entry.key, entry.value)
            perform(task, at: Location(of: entry.key), at: now, into: &outbox)
            return true
        }
        guard peers.isReachable(home) else { return false }
        guard hints.hasRoom(for: home) else {
            hints.passOver(home)
            return false
        }
        let id = begin(.hint)
        hints.note(
            HintDelivery.Sent(
                key: entry.key, bytes: entry.value, home: home, at: now.instant,
                patience: hints.patience(with: home)),
            under: id)
        perform(.deliver(id), at: Location(of: entry.key), at: now, into: &outbox)
        return true
    }

    /// To whom a hint goes: to its home, or, where that is none any more, to another: this node
    /// where it is one, else the first that can be reached.
    private func recipient(of key: StorageKey) -> NodeID? {
        guard let home = key.home, let topology else { return nil }
        let view = topology.view(of: Partition(index: key.partition))
        if view.includes(home) { return home == local ? nil : home }
        if view.homes.contains(local) { return local }
        return view.homes.first { peers.isReachable($0) }
    }

    /// Sends a hint that is under way, with the object that it stands for by now.
    func deliverHint(
        _ id: OperationID, into outbox: inout Outbox
    ) throws(ReplicaFailure) {
        guard let hint = hints.sent[id] else { return }
        let message = ReplicaPut(
            operation: id, key: hint.key.key,
            object: try replica.object(of: hint.key, bytes: hint.bytes), purpose: .hint,
            durable: true, patience: hint.patience)
        outbox.send(
            .put(message), to: peer(hint.home, serving: Partition(index: hint.key.partition)))
    }

    mutating func hintAnswered(
        _ reply: ReplicaPutReply, by node: NodeID, at now: Moment,
        into outbox: inout Outbox
    ) {
        guard let hint = hints.sent[reply.operation], hint.home == node else { return }
        operations.remove(reply.operation.rawValue)
        hints.take(reply.operation, at: now.instant)
        guard reply.outcome == .stored else { return counts.marks.occurred(.hintRefused) }
        let forget = KeyTask.forget(hint.key, ifStill: hint.bytes)
        perform(forget, at: Location(of: hint.key), at: now, into: &outbox)
        hints.continueNow(at: now.instant)
        deliverHints(at: now, into: &outbox)
    }
}
