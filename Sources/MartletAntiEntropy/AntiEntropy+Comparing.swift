// Comparing roots: every partition with each other home, again and again; and what equal roots
// prove.
//
// The first home of a partition sends one root to all others. If all say that theirs is the same,
// then there was one state that each of them held, synced, at some moment after the root was cut.
// If moreover every node had promised before that moment that it has nothing as old as T to bring,
// then every version up to T is covered at every home: the watermark moves to T.
internal import DequeModule
public import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// Roots that were sent to one node, and are not answered yet.
struct Cut {
    var node: NodeID
    var partitions: [UInt16]
    var at: Instant
}

/// The comparison of one root with all other homes.
struct Proof {
    /// The round of each home that has not answered yet.
    var awaited: [NodeID: UInt64]
    /// The time that is proven.
    var time: HybridTimestamp
    /// Where the log stood when the root was cut.
    var position: LogPosition
}

/// A reply that may go once the log is synced that far.
struct HeldReply {
    var message: TreeRootsReply
    var node: NodeID
    var position: LogPosition
}

extension AntiEntropy {
    /// Partitions compared at a time.
    public static let batchLimit = 64
    /// How long roots wait for an answer: it waits for a sync, which lazy modes put off.
    private static let patience = Duration.seconds(30)
    /// How long an operator's comparisons rest between two batches.
    private static let urgentPause = Duration.milliseconds(50)
    /// Replies that may wait for a sync; more are not given, and the round is lost.
    static let replyLimit = 4_096

    /// The time between two batches of regular comparisons, with jitter.
    mutating func comparisonPause() -> Duration {
        if !urgent.isEmpty { return Self.urgentPause }
        let batches = max(1, (owned.count + Self.batchLimit - 1) / Self.batchLimit)
        let pause = options.period / batches
        return random.duration(in: pause * 3 / 4...pause * 5 / 4)
    }

    /// Has `partitions`, or all, compared with every other home without waiting for their turn.
    /// How many those are.
    public mutating func repair(_ partitions: [UInt16]?, at now: Moment) -> Int {
        let wanted = partitions?.filter { otherHomes(of: $0) != nil } ?? owned
        for partition in wanted where !urgent.contains(partition) { urgent.append(partition) }
        if !wanted.isEmpty { nextComparison = now.instant }
        return wanted.count
    }

    /// How many partitions an operator still waits for.
    public var repairsLeft: Int { urgent.count }

    mutating func compareNext(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        forgetOverdue(at: now.instant)
        var batches: [NodeID: [TreeRoots.Entry]] = [:]
        var proven: [UInt16] = []
        for (partition, others) in nextPartitions() {
            guard let entry = entry(partition) else { continue }
            for node in others where isReachable(node) { batches[node, default: []].append(entry) }
            if openProof(of: partition) { proven.append(partition) }
        }
        for node in batches.keys.sorted() {
            guard let entries = batches[node] else { continue }
            sendRoots(entries, to: node, at: now, into: &effects)
            for partition in proven where proofs[partition]?.awaited[node] != nil {
                proofs[partition]?.awaited[node] = round
            }
        }
        nextComparison = now.instant + comparisonPause()
    }

    /// What another home is told of a partition: no watermark where this one has lost data, which
    /// one that is equal to it lacks too. Nil while the tree is unknown.
    private func entry(_ partition: UInt16) -> TreeRoots.Entry? {
        engine.tree(of: partition).map {
            TreeRoots.Entry(
                partition: partition, root: $0.root, watermark: times.trusted(partition))
        }
    }

    /// Has another home compare `entries`, in a round of their own.
    private mutating func sendRoots(
        _ entries: [TreeRoots.Entry], to node: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let epoch = topology?.epoch else { return }
        round += 1
        cuts[round] = Cut(node: node, partitions: entries.map(\.partition), at: now.instant)
        send(
            .roots(TreeRoots(round: round, epoch: epoch, entries: entries)), to: node,
            into: &effects)
    }

    /// The partitions whose turn it is, with whom each is compared, ascending: what an operator
    /// wants with all homes, else with those behind this one in the order of preference, so that
    /// each pair is compared once.
    private mutating func nextPartitions() -> [(partition: UInt16, others: [NodeID])] {
        guard let topology, !owned.isEmpty else { return [] }
        var chosen: [(partition: UInt16, others: [NodeID])] = []
        if !urgent.isEmpty {
            while chosen.count < Self.batchLimit, let partition = urgent.popFirst() {
                chosen.append((partition, otherHomes(of: partition) ?? []))
            }
            return chosen.sorted { $0.partition < $1.partition }
        }
        for _ in 0..<min(Self.batchLimit, owned.count) {
            let partition = owned[cursor]
            cursor = (cursor + 1) % owned.count
            let homes = topology.homes(of: Partition(index: partition))
            let place = homes.firstIndex(of: local) ?? homes.count
            chosen.append((partition, Array(homes.dropFirst(place + 1))))
        }
        return chosen.sorted { $0.partition < $1.partition }
    }

    /// Begins to prove a partition settled, if this node is its first home, every other home can be
    /// asked, and there is something to prove.
    private mutating func openProof(of partition: UInt16) -> Bool {
        proofs[partition] = nil
        guard let topology, case .success(let time) = provable(partition),
            time > times.watermark(partition)
        else { return false }
        let homes = topology.homes(of: Partition(index: partition))
        guard homes.first == local, homes.dropFirst().allSatisfy(isReachable) else { return false }
        let awaited = Dictionary(uniqueKeysWithValues: homes.dropFirst().map { ($0, UInt64(0)) })
        proofs[partition] = Proof(awaited: awaited, time: time, position: engine.appended)
        return true
    }

    /// Up to which time a partition could be proven settled, were its homes equal.
    func provable(_ partition: UInt16) -> Result<HybridTimestamp, Promises.Obstacle> {
        promises.floor(of: partition, among: topology?.members.map(\.id) ?? [])
    }

    // MARK: At the other home

    mutating func compare(
        _ roots: TreeRoots, of sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard replies.count < Self.replyLimit else { return }
        var reply = TreeRootsReply(round: roots.round, differing: [], unknown: [])
        var behind: [UInt16] = []
        for entry in roots.entries {
            guard roots.epoch == topology?.epoch,
                otherHomes(of: entry.partition)?.contains(sender) == true,
                let tree = engine.tree(of: entry.partition)
            else {
                counters.marks.occurred(.rootUnknown)
                reply.unknown.append(entry.partition)
                continue
            }
            let isEqual = tree.root == entry.root
            if isEqual {
                adopt(entry.watermark, of: entry.partition, into: &effects)
                if entry.watermark < times.trusted(entry.partition) {
                    behind.append(entry.partition)
                }
            } else {
                reply.differing.append(entry.partition)
            }
            noteComparison(
                of: entry.partition, with: sender, isEqual: isEqual, at: now, into: &effects)
        }
        reply.differing.sort()
        reply.unknown.sort()
        replies.append(HeldReply(message: reply, node: sender, position: engine.appended))
        // One that has lost its watermarks, or missed them, believes them of homes that it finds
        // equal itself: those that it asks do not wait until it is their turn to ask.
        let news = behind.sorted().compactMap { self.entry($0) }
        counters.marks.occurred(.watermarkLagged, if: !news.isEmpty)
        if !news.isEmpty { sendRoots(news, to: sender, at: now, into: &effects) }
    }

    // MARK: The reply

    mutating func compared(
        _ reply: TreeRootsReply, by sender: NodeID, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        guard let cut = cuts[reply.round], cut.node == sender else { return }
        cuts[reply.round] = nil
        var differing: [UInt16] = []
        for partition in cut.partitions {
            if reply.unknown.contains(partition) {
                proofs[partition] = nil
                continue
            }
            let isEqual = !reply.differing.contains(partition)
            noteComparison(of: partition, with: sender, isEqual: isEqual, at: now, into: &effects)
            if !isEqual {
                proofs[partition] = nil
                differing.append(partition)
            } else if proofs[partition]?.awaited[sender] == reply.round {
                proofs[partition]?.awaited[sender] = nil
            }
        }
        beginDescents(differing, with: sender, at: now, into: &effects)
        concludeProofs(at: now, into: &effects)
    }

    private mutating func noteComparison(
        of partition: UInt16, with node: NodeID, isEqual: Bool, at now: Moment,
        into effects: inout [AntiEntropyEffect]
    ) {
        counters.comparisons += 1
        if !isEqual { counters.differences += 1 }
        if times.compared(partition, with: node, isEqual: isEqual, at: now.instant) {
            counters.marks.occurred(.doubtEnded)
            saveDoubts()
            tellSettled(partition, into: &effects)
        }
    }

    /// Moves the watermarks of which all homes have answered, and this node's own part is synced.
    mutating func concludeProofs(at now: Moment, into effects: inout [AntiEntropyEffect]) {
        if proofs.isEmpty { return }
        let proven = proofs.filter {
            $0.value.awaited.isEmpty && $0.value.position <= engine.synced
        }
        counters.marks.occurred(
            .proofAwaitedSync,
            if: proofs.values.contains {
                $0.awaited.isEmpty && $0.position > engine.synced
            })
        var news: [NodeID: [Settled.Entry]] = [:]
        for partition in proven.keys.sorted() {
            guard let proof = proofs.removeValue(forKey: partition) else { continue }
            counters.advances += 1
            adopt(proof.time, of: partition, into: &effects)
            let entry = Settled.Entry(partition: partition, watermark: proof.time)
            for home in otherHomes(of: partition) ?? [] { news[home, default: []].append(entry) }
        }
        guard let epoch = topology?.epoch else { return }
        // At once, so that all remove what may go at the same time.
        for node in news.keys.sorted() {
            guard let entries = news[node] else { continue }
            send(.settled(Settled(epoch: epoch, entries: entries)), to: node, into: &effects)
        }
    }

    /// Another home has proven partitions to be settled further on. This one believes that of a
    /// partition that was found equal since it started: then it either had part in the proof, or
    /// has come to hold since what was proven. One that was restored from a backup may lack that:
    /// it would take for removed what it never had, and have it removed everywhere.
    mutating func adopt(
        _ settled: Settled, of sender: NodeID, into effects: inout [AntiEntropyEffect]
    ) {
        guard settled.epoch == topology?.epoch else { return }
        for entry in settled.entries
        where otherHomes(of: entry.partition)?.contains(sender) == true {
            guard times.hasEqualled(entry.partition, at: sender) else {
                counters.marks.occurred(.proofDisbelieved)
                continue
            }
            adopt(entry.watermark, of: entry.partition, into: &effects)
        }
    }

    private mutating func forgetOverdue(at now: Instant) {
        cuts = cuts.filter { now.since($0.value.at) <= Self.patience }
    }
}
