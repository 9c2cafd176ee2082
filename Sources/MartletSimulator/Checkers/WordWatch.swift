// What nodes tell each other is so at the moment of telling. Others forget a hint, remove a key or
// date a write on such a word, so it is held against what the node has, and has on its disk, when
// it sends it: not against what becomes of it later, which good luck may mend.
//
//     put ─► held, and synced where that was asked  ─► "stored"
//     roots ─► the same, and synced                 ─► "equal"
//     floor ─► logged and synced                    ─► promise: no timestamp, no hint up to it
internal import MartletBase
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// Which partitions each shard has told to be filled.
struct FillsTold {
    private var told: [Int: Set<PartitionFill>] = [:]

    func contains(_ fill: PartitionFill, of shard: Int) -> Bool {
        told[shard]?.contains(fill) == true
    }

    mutating func note(_ fill: PartitionFill, of shard: Int) {
        told[shard, default: []].insert(fill)
    }
}

/// What each node has been asked, and what it is held to.
struct WordWatch {
    /// A question that one node puts to another.
    private struct Question: Hashable {
        var asker: Int
        var node: Int
        var number: UInt64
    }

    /// Roots as they came to a node.
    struct Roots {
        /// The partitions that were to be compared.
        var partitions: [UInt16]
        /// The partitions whose trees were the same there then, ascending.
        var equal: [UInt16]
        /// Up to where its log had what they say.
        var position: LogPosition
    }

    /// A version that a node was asked to hold, and what it had promised by then.
    struct Put {
        var put: ReplicaPut
        var promised: HybridTimestamp
    }

    /// What one node is held to.
    private struct Bond {
        /// The floors that are in its log and not on its disk yet.
        var unsynced: [(floor: HybridTimestamp, position: LogPosition)] = []
        /// The floor that is on its disk.
        var synced = HybridTimestamp(bits: 0)
        /// Up to where it has told others, in all its lives, that it issues no timestamp any more.
        var promised = HybridTimestamp(bits: 0)
    }

    /// What each node has told to be filled, once for each life of its disk.
    var fills = FillsTold()
    private var puts: [Question: Put] = [:]
    private var roots: [Question: Roots] = [:]
    private var bonds: [Bond]

    /// Questions remembered at a time: most of those beyond were given up long ago.
    private static let questionLimit = 20_000

    init(shardCount: Int) {
        bonds = [Bond](repeating: Bond(), count: shardCount)
    }

    // MARK: Questions

    /// A node is asked to hold a version.
    mutating func asked(_ put: ReplicaPut, by asker: Int, at node: Int) {
        if put.operation == .unanswered { return }
        if puts.count >= Self.questionLimit { puts = [:] }
        puts[Question(asker: asker, node: node, number: put.operation.rawValue)] =
            Put(put: put, promised: bonds[node].promised)
    }

    /// What a node was asked to hold; nil for a reply to something else.
    mutating func answered(_ reply: ReplicaPutReply, to asker: Int, by node: Int) -> Put? {
        puts.removeValue(
            forKey: Question(asker: asker, node: node, number: reply.operation.rawValue))
    }

    /// A node is shown the roots of another.
    mutating func shown(_ seen: Roots, in round: UInt64, by asker: Int, at node: Int) {
        if roots.count >= Self.questionLimit { roots = [:] }
        roots[Question(asker: asker, node: node, number: round)] = seen
    }

    /// The roots that a node was shown.
    mutating func answered(_ reply: TreeRootsReply, to asker: Int, by node: Int) -> Roots? {
        roots.removeValue(forKey: Question(asker: asker, node: node, number: reply.round))
    }

    // MARK: Bonds

    /// A node has written down a floor.
    mutating func logged(_ floor: HybridTimestamp, at node: Int, position: LogPosition) {
        bonds[node].unsynced.append((floor, position))
    }

    /// A node's log is synced up to `position`.
    mutating func synced(_ node: Int, upTo position: LogPosition) {
        while let first = bonds[node].unsynced.first, first.position <= position {
            bonds[node].synced = max(bonds[node].synced, first.floor)
            bonds[node].unsynced.removeFirst()
        }
    }

    /// A node's process is gone: what it was asked it answers no more.
    mutating func crashed(_ node: Int) {
        bonds[node].unsynced = []
        puts = puts.filter { $0.key.node != node && $0.key.asker != node }
        roots = roots.filter { $0.key.node != node && $0.key.asker != node }
    }

    /// A disk is lost or at fault, and with it what the node had bound itself to.
    mutating func forget(_ node: Int) {
        crashed(node)
        bonds[node] = Bond()
    }

    /// A node tells a promise; those that it has on its disk bind it from now on.
    mutating func promises(_ floor: HybridTimestamp, by node: Int) -> Finding? {
        guard floor <= bonds[node].synced else {
            return Finding(
                .wordsTrue,
                "node \(node + 1) promises to issue nothing up to \(floor.bits), and has no more "
                    + "than \(bonds[node].synced.bits) on disk")
        }
        bonds[node].promised = max(bonds[node].promised, floor)
        return nil
    }

    /// A node has issued a version: later than it has promised.
    func issued(_ dot: Dot, _ timestamp: HybridTimestamp, by node: Int) -> Finding? {
        let promised = bonds[node].promised
        if timestamp > promised { return nil }
        return Finding(
            .wordsTrue,
            "node \(node + 1) issues \(dot) at \(timestamp.bits), having promised to issue nothing "
                + "up to \(promised.bits)")
    }
}

/// Checks that what a node says to hold is held, and synced where it was asked to be, and that it
/// takes no hint that is older than it has promised. A hint that a coordinator makes of its own
/// write may be: one of the homes has that, so that nothing is settled up to it before all have.
struct StoredWordCheck {
    let node: Int
    let put: ReplicaPut
    /// Up to where the node had promised to take no hint, when it was asked.
    let promised: HybridTimestamp
    /// Under which entry it is to be held.
    let entry: StorageKey
    /// Who may have taken it since: the home for which it is, or, where that, or the node itself,
    /// is none any more, those that are.
    let takers: [Int]
    /// Up to where the node drops what it does not know: it has been removed.
    let settled: HybridTimestamp
    /// The number of its key.
    let key: Int

    func run(_ mirror: ReplicaMirror, _ history: History) -> Finding? {
        if put.heldFor != nil, put.object.horizon <= promised {
            return Finding(
                .wordsTrue,
                "node \(node + 1) takes the hint \(entry) of \(put.object.horizon.bits), "
                    + "having promised to take none up to \(promised.bits)")
        }
        let needsDisk = put.durable && put.purpose == .hint
        let unsynced = needsDisk ? mirror.unsynced(under: entry, at: node) : []
        for sibling in put.object.siblings {
            let dot = sibling.dot
            guard mirror.covers(dot, under: entry, at: node) else {
                if sibling.timestamp <= settled || isElsewhere(dot, mirror, history) { continue }
                return Finding(
                    .wordsTrue,
                    "node \(node + 1) says that it holds \(dot) under \(entry), and does not")
            }
            let isUnsynced =
                unsynced.contains(dot)
                || put.durable && mirror.awaitsLog(dot, under: entry, at: node)
            // It may have been synced, gone home, and come here once more.
            if isUnsynced, !isElsewhere(dot, mirror, history) {
                return Finding(
                    .wordsTrue,
                    "node \(node + 1) says that it has \(dot) synced under \(entry), and has not")
            }
        }
        return nil
    }

    /// Whether the home has taken it, or the last trace of it has gone.
    private func isElsewhere(_ dot: Dot, _ mirror: ReplicaMirror, _ history: History) -> Bool {
        if history.places(of: [dot], key: key).contains(where: { history.isBuried($0, key: key) }) {
            return true
        }
        let object = StorageKey.object(partition: entry.partition, key: entry.key)
        return takers.contains { mirror.covers(dot, under: object, at: $0) }
    }
}

/// Checks that trees which a node says to be equal were so when it was asked, and that all that
/// they say was on its disk when it answered.
struct EqualWordCheck {
    let node: Int
    let reply: TreeRootsReply
    /// What it was asked.
    let seen: WordWatch.Roots
    /// Up to where its log is on disk.
    let synced: LogPosition

    func run() -> Finding? {
        for partition in seen.partitions
        where !reply.differing.contains(partition) && !reply.unknown.contains(partition) {
            if !seen.equal.contains(partition) {
                return Finding(
                    .wordsTrue,
                    "node \(node + 1) says that its tree of partition \(partition) was the one "
                        + "that it was shown, and it was not")
            }
            if seen.position > synced {
                return Finding(
                    .wordsTrue,
                    "node \(node + 1) says that partition \(partition) is the same on its disk, of "
                        + "which \(seen.position.rawValue) is in its log and "
                        + "\(synced.rawValue) synced")
            }
        }
        return nil
    }
}
