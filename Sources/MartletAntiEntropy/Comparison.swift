// Comparing roots: every partition with each other home, again and again; and what equal roots
// prove.
//
//     one home                                      another
//     roots, round ──────────────────────────────►  the same? ─► held until synced
//     differing: the way down  ◄──────────────────  reply
//     equal: one home less that the proof awaits
//
// The first home of a partition sends one root to all others. If all say that theirs is the same,
// then there was one state that each of them held, synced, at some moment after the root was cut.
// If moreover every node had promised before that moment that it has nothing as old as T to bring,
// then every version up to T is covered at every home: the watermark moves to T.
//
// What has moved a watermark returns the partitions: what they hold may be removed.
internal import DequeModule
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The comparisons of one node with other homes.
struct Comparison {
    /// Roots that were sent to one peer, and are not answered yet.
    private struct Cut {
        var peer: Peer
        var partitions: [UInt16]
        var at: Instant
    }

    /// The comparison of one root with all other homes.
    private struct Proof {
        /// The round of each home that has not answered yet.
        var awaited: [NodeID: UInt64]
        /// The time that is proven.
        var time: HybridTimestamp
        /// Where the log stood when the root was cut.
        var position: LogPosition
    }

    /// A reply that may go once the log is synced that far.
    private struct HeldReply {
        var message: TreeRootsReply
        var peer: Peer
        var position: LogPosition
    }

    /// The number of the last comparison. Those of a life begin where they are drawn: a reply to
    /// one of an earlier life, about trees that a crash may have taken back, must not pass for one
    /// to this life's.
    private(set) var round: UInt64
    private var cuts: [UInt64: Cut] = [:]
    private var proofs: [UInt16: Proof] = [:]
    /// Where the regular comparisons go on in the node's partitions.
    private var cursor = 0
    /// Partitions that are wanted compared now.
    private var urgent = Deque<UInt16>()
    /// Replies that wait until what they say is synced; positions never fall.
    private var replies = Deque<HeldReply>()
    /// When the next roots go.
    private(set) var next = Instant.never
    private(set) var counters = AntiEntropyCounters()

    /// Partitions compared at a time.
    static let batchLimit = 64
    /// How long roots wait for an answer: it waits for a sync, which lazy modes put off.
    private static let patience = Duration.seconds(30)
    /// How long comparisons that are wanted now rest between two batches.
    private static let urgentPause = Duration.milliseconds(50)
    /// Replies that may wait for a sync; more are not given, and the round is lost.
    static let replyLimit = 4_096

    /// None yet; rounds begin after `round`.
    init(after round: UInt64) { self.round = round }

    /// Partitions that are wanted compared and were not begun.
    var waitingCount: Int { urgent.count }
    /// Rounds that are not answered.
    var unansweredCount: Int { cuts.count }
    /// Whether a sync of the log may move something on.
    var awaitsSync: Bool { !replies.isEmpty || !proofs.isEmpty }

    // MARK: Events

    mutating func start(_ here: Standpoint, at now: Moment, using random: inout SeededRandom) {
        next = now.instant + pause(here, using: &random)
    }

    mutating func topologyChanged(
        _ here: Standpoint, at now: Moment, using random: inout SeededRandom
    ) {
        // Anywhere, so that two homes do not look at the same partition of a third at one time.
        cursor = here.owned.isEmpty ? 0 : random.below(here.owned.count)
        forget(here.changed)
        urgent.removeAll { !here.owns($0) }
        next = min(next, now.instant + pause(here, using: &random))
    }

    /// Has `partitions`, or all, compared with every other home without waiting for their turn.
    /// How many those are.
    mutating func hurry(_ partitions: [UInt16]?, _ here: Standpoint, at now: Moment) -> Int {
        let wanted = partitions?.filter { here.otherHomes(of: $0) != nil } ?? here.owned
        for partition in wanted where !urgent.contains(partition) { urgent.append(partition) }
        if !wanted.isEmpty { next = now.instant }
        return wanted.count
    }

    /// Data was lost in `partitions`: an answer to a root that was cut before is about what is no
    /// longer there.
    mutating func forget(_ partitions: [UInt16]) {
        for partition in partitions { proofs[partition] = nil }
        // any order: each is by itself.
        for round in cuts.keys { cuts[round]?.partitions.removeAll(where: partitions.contains) }
    }

    /// Sends the roots whose turn it is.
    mutating func tick(
        _ here: Standpoint, _ times: SettledTimes, _ promises: Promises, at now: Moment,
        using random: inout SeededRandom, into effects: inout [AntiEntropyEffect]
    ) {
        guard now.instant >= next else { return }
        cuts = cuts.filter { now.instant.since($0.value.at) <= Self.patience }
        var batches: [Peer: [TreeRoots.Entry]] = [:]
        var proven: [UInt16] = []
        for (partition, others) in nextPartitions(here) {
            guard let entry = entry(partition, here, times) else { continue }
            for node in others where here.isReachable(node) {
                batches[here.peer(node, serving: partition), default: []].append(entry)
            }
            if openProof(of: partition, here, times, promises) { proven.append(partition) }
        }
        for peer in batches.keys.sorted() {
            guard let entries = batches[peer] else { continue }
            send(entries, to: peer, here, at: now, into: &effects)
            for partition in proven
            where proofs[partition]?.awaited[peer.node] != nil
                && here.peer(peer.node, serving: partition) == peer
            {
                proofs[partition]?.awaited[peer.node] = round
            }
        }
        next = now.instant + pause(here, using: &random)
    }

    /// The log may be synced further on: replies go, and proofs that waited for nothing else move
    /// watermarks.
    mutating func logAdvanced(
        _ here: Standpoint, _ times: inout SettledTimes, into effects: inout [AntiEntropyEffect]
    ) -> [UInt16] {
        while let reply = replies.first, reply.position <= here.engine.synced {
            replies.removeFirst()
            effects.send(.rootsReply(reply.message), to: reply.peer, counting: &counters)
        }
        return conclude(here, &times, into: &effects)
    }

    // MARK: The turns

    /// The time between two batches of regular comparisons, with jitter.
    private func pause(_ here: Standpoint, using random: inout SeededRandom) -> Duration {
        if !urgent.isEmpty { return Self.urgentPause }
        let batches = max(1, (here.owned.count + Self.batchLimit - 1) / Self.batchLimit)
        let pause = here.options.period / batches
        return random.duration(in: pause * 3 / 4...pause * 5 / 4)
    }

    /// The partitions whose turn it is, with whom each is compared, ascending: what is wanted now
    /// with all homes, else with those behind this one in the order of preference, so that each
    /// pair is compared once.
    private mutating func nextPartitions(
        _ here: Standpoint
    ) -> [(partition: UInt16, others: [NodeID])] {
        guard !here.owned.isEmpty else { return [] }
        var chosen: [(partition: UInt16, others: [NodeID])] = []
        if !urgent.isEmpty {
            while chosen.count < Self.batchLimit, let partition = urgent.popFirst() {
                chosen.append((partition, here.otherHomes(of: partition) ?? []))
            }
            return chosen.sorted { $0.partition < $1.partition }
        }
        for _ in 0..<min(Self.batchLimit, here.owned.count) {
            let partition = here.owned[cursor]
            cursor = (cursor + 1) % here.owned.count
            let homes = here.homes(of: partition)
            let place = homes.firstIndex(of: here.local) ?? homes.count
            chosen.append((partition, Array(homes.dropFirst(place + 1))))
        }
        return chosen.sorted { $0.partition < $1.partition }
    }

    /// What another home is told of a partition: no watermark where this one has lost data, which
    /// one that is equal to it lacks too. Nil while the tree is unknown.
    private func entry(
        _ partition: UInt16, _ here: Standpoint, _ times: SettledTimes
    ) -> TreeRoots.Entry? {
        here.engine.tree(of: partition).map {
            TreeRoots.Entry(
                partition: partition, root: $0.root, watermark: times.trusted(partition))
        }
    }

    /// Has another home compare `entries`, in a round of their own.
    private mutating func send(
        _ entries: [TreeRoots.Entry], to peer: Peer, _ here: Standpoint, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let epoch = here.topology?.epoch else { return }
        round += 1
        cuts[round] = Cut(peer: peer, partitions: entries.map(\.partition), at: now.instant)
        effects.send(
            .roots(TreeRoots(round: round, epoch: epoch, entries: entries)), to: peer,
            counting: &counters)
    }

    // MARK: At the other home

    /// Another home has told its roots.
    mutating func rootsReceived(
        _ roots: TreeRoots, from sender: Peer, _ here: Standpoint, _ times: inout SettledTimes,
        at now: Moment, into effects: inout [AntiEntropyEffect]
    ) -> [UInt16] {
        guard replies.count < Self.replyLimit else { return [] }
        var reply = TreeRootsReply(round: roots.round, differing: [], unknown: [])
        var behind: [UInt16] = []
        var moved: [UInt16] = []
        for entry in roots.entries {
            let partition = entry.partition
            guard roots.epoch == here.topology?.epoch, here.shares(partition, with: sender.node),
                let tree = here.engine.tree(of: partition)
            else {
                counters.marks.occurred(.rootUnknown)
                reply.unknown.append(partition)
                continue
            }
            let isEqual = tree.root == entry.root
            if isEqual {
                let moves = times.adopt(
                    entry.watermark, of: partition, in: here.engine, into: &effects)
                if moves { moved.append(partition) }
                if entry.watermark < times.trusted(partition) { behind.append(partition) }
            } else {
                reply.differing.append(partition)
            }
            count(isEqual)
            times.compared(
                partition, with: sender.node, isEqual: isEqual, here, at: now.instant,
                into: &effects)
        }
        reply.differing.sort()
        reply.unknown.sort()
        replies.append(HeldReply(message: reply, peer: sender, position: here.engine.appended))
        // One that has lost its watermarks, or missed them, believes them of homes that it finds
        // equal itself: those that it asks do not wait until it is their turn to ask.
        let news = behind.sorted().compactMap { self.entry($0, here, times) }
        counters.marks.occurred(.watermarkLagged, if: !news.isEmpty)
        if !news.isEmpty { send(news, to: sender, here, at: now, into: &effects) }
        return moved
    }

    private mutating func count(_ isEqual: Bool) {
        counters.comparisons += 1
        if !isEqual { counters.differences += 1 }
    }

    // MARK: The reply

    /// Another home has compared this one's roots. Returns the partitions that differ there; nil
    /// where nothing was asked of it in that round.
    mutating func replyReceived(
        _ reply: TreeRootsReply, from sender: Peer, _ here: Standpoint,
        _ times: inout SettledTimes, at now: Moment, into effects: inout [AntiEntropyEffect]
    ) -> [UInt16]? {
        guard let cut = cuts[reply.round], cut.peer == sender else { return nil }
        cuts[reply.round] = nil
        var differing: [UInt16] = []
        for partition in cut.partitions {
            if reply.unknown.contains(partition) {
                proofs[partition] = nil
                continue
            }
            let isEqual = !reply.differing.contains(partition)
            count(isEqual)
            times.compared(
                partition, with: sender.node, isEqual: isEqual, here, at: now.instant,
                into: &effects)
            if !isEqual {
                proofs[partition] = nil
                differing.append(partition)
            } else if proofs[partition]?.awaited[sender.node] == reply.round {
                proofs[partition]?.awaited[sender.node] = nil
            }
        }
        return differing
    }

    // MARK: Proofs

    /// Begins to prove a partition settled, if this node is its first home, every other home can be
    /// asked, and there is something to prove.
    private mutating func openProof(
        of partition: UInt16, _ here: Standpoint, _ times: SettledTimes, _ promises: Promises
    ) -> Bool {
        proofs[partition] = nil
        guard !here.isMoving(partition),
            case .success(let time) = promises.provable(partition, here),
            time > times.watermark(partition)
        else { return false }
        let homes = here.homes(of: partition)
        guard homes.first == here.local, homes.dropFirst().allSatisfy(here.isReachable) else {
            return false
        }
        let awaited = Dictionary(uniqueKeysWithValues: homes.dropFirst().map { ($0, UInt64(0)) })
        proofs[partition] = Proof(awaited: awaited, time: time, position: here.engine.appended)
        return true
    }

    /// Moves the watermarks of which all homes have answered, and this node's own part is synced.
    mutating func conclude(
        _ here: Standpoint, _ times: inout SettledTimes, into effects: inout [AntiEntropyEffect]
    ) -> [UInt16] {
        if proofs.isEmpty { return [] }
        let synced = here.engine.synced
        let proven = proofs.filter { $0.value.awaited.isEmpty && $0.value.position <= synced }
        counters.marks.occurred(
            .proofAwaitedSync,
            if: proofs.values.contains { $0.awaited.isEmpty && $0.position > synced })
        var news: [Peer: [Settled.Entry]] = [:]
        var moved: [UInt16] = []
        for partition in proven.keys.sorted() {
            guard let proof = proofs.removeValue(forKey: partition) else { continue }
            counters.advances += 1
            let moves = times.adopt(proof.time, of: partition, in: here.engine, into: &effects)
            if moves { moved.append(partition) }
            let entry = Settled.Entry(partition: partition, watermark: proof.time)
            for home in here.otherHomes(of: partition) ?? [] {
                news[here.peer(home, serving: partition), default: []].append(entry)
            }
        }
        guard let epoch = here.topology?.epoch else { return moved }
        // At once, so that all remove what may go at the same time.
        for peer in news.keys.sorted() {
            guard let entries = news[peer] else { continue }
            effects.send(
                .settled(Settled(epoch: epoch, entries: entries)), to: peer, counting: &counters)
        }
        return moved
    }

    /// Another home has proven partitions to be settled further on. This one believes that of a
    /// partition that was found equal since it started: then it either had part in the proof, or
    /// has come to hold since what was proven. One that was restored from a backup may lack that:
    /// it would take for removed what it never had, and have it removed everywhere.
    mutating func settledReceived(
        _ settled: Settled, from sender: Peer, _ here: Standpoint, _ times: inout SettledTimes,
        into effects: inout [AntiEntropyEffect]
    ) -> [UInt16] {
        guard settled.epoch == here.topology?.epoch else { return [] }
        var moved: [UInt16] = []
        for entry in settled.entries where here.shares(entry.partition, with: sender.node) {
            guard times.hasEqualled(entry.partition, at: sender.node) else {
                counters.marks.occurred(.proofDisbelieved)
                continue
            }
            let moves = times.adopt(
                entry.watermark, of: entry.partition, in: here.engine, into: &effects)
            if moves { moved.append(entry.partition) }
        }
        return moved
    }

    func checkInvariants(_ here: Standpoint) {
        let appended = here.engine.appended
        invariant(cursor >= 0 && cursor <= max(0, here.owned.count - 1), "cursor at \(cursor)")
        invariant(Set(urgent).count == urgent.count, "a partition is wanted twice: \(urgent)")
        invariant(replies.count <= Self.replyLimit, "\(replies.count) replies wait")
        for (reply, later) in zip(replies, replies.dropFirst()) {
            invariant(reply.position <= later.position, "replies out of order")
        }
        invariant((replies.last?.position ?? appended) <= appended, "a reply beyond the log")
        invariant(cuts.keys.allSatisfy { $0 <= round }, "a cut of a round beyond \(round)")
        for partition in proofs.keys.sorted() {
            guard let proof = proofs[partition] else { continue }
            let others = here.otherHomes(of: partition) ?? []
            invariant(
                here.homes(of: partition).first == here.local
                    && proof.awaited.keys.allSatisfy(others.contains),
                "the proof of \(partition) waits for \(proof.awaited), homes are \(others)")
            invariant(proof.awaited.values.allSatisfy { $0 <= round }, "proof beyond \(round)")
            invariant(proof.position <= appended, "the proof of \(partition) is beyond the log")
        }
    }
}
