// Watermarks only grow, and say the truth: what is left of an older write anywhere is at all homes.
// Everything that is removed for good is removed on their word.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// The watermarks that nodes were seen to log.
struct WatermarkWatch {
    /// A watermark that moved, and where the node's log has it.
    private struct Move {
        var partition: UInt16
        var watermark: HybridTimestamp
        var position: LogPosition
    }

    /// For each node, by partition: where the watermark stands, and where it stands for good.
    private var latest: [[UInt16: HybridTimestamp]]
    private var synced: [[UInt16: HybridTimestamp]]
    private var unsynced: [[Move]]
    /// The highest watermark of each partition that some node has logged.
    private var highest: [UInt16: HybridTimestamp] = [:]
    /// How many versions of each key were found settled; they stay so.
    private var settledCounts: [Int]

    init(shardCount: Int, keyCount: Int) {
        latest = [[UInt16: HybridTimestamp]](repeating: [:], count: shardCount)
        synced = latest
        unsynced = [[Move]](repeating: [], count: shardCount)
        settledCounts = [Int](repeating: 0, count: keyCount)
    }

    /// Notes that a node has logged a watermark.
    mutating func move(
        _ partition: UInt16, to watermark: HybridTimestamp, at node: Int, position: LogPosition
    ) -> Finding? {
        if let finding = see(watermark, of: partition, at: node) { return finding }
        latest[node][partition] = watermark
        if !isKnown(watermark, of: partition) { highest[partition] = watermark }
        unsynced[node].append(
            Move(partition: partition, watermark: watermark, position: position))
        return nil
    }

    /// Whether some node has logged that a partition is settled as far: that was checked then.
    func isKnown(_ watermark: HybridTimestamp, of partition: UInt16) -> Bool {
        highest[partition].map { watermark <= $0 } ?? false
    }

    /// Holds what a node knows of a partition against what it has known.
    func see(_ watermark: HybridTimestamp, of partition: UInt16, at node: Int) -> Finding? {
        guard let known = latest[node][partition], watermark < known else { return nil }
        return Finding(
            .watermarksGrow,
            "node \(node + 1) knew partition \(partition) settled up to \(Names.seconds(known)) "
                + "and now up to \(Names.seconds(watermark))")
    }

    /// A node's log is synced up to `position`.
    mutating func synced(_ node: Int, upTo position: LogPosition) {
        for move in unsynced[node] where move.position <= position {
            synced[node][move.partition] = move.watermark
        }
        unsynced[node].removeAll { $0.position <= position }
    }

    /// A node has crashed: what it has to know is what it had synced.
    mutating func crashed(_ node: Int) {
        latest[node] = synced[node]
        unsynced[node] = []
    }

    /// A node is no home of `partition` any more, and knows nothing of it.
    mutating func left(_ partition: UInt16, at node: Int) {
        latest[node][partition] = nil
        synced[node][partition] = nil
        unsynced[node].removeAll { $0.partition == partition }
    }

    /// A disk is at fault: nothing is asked back of it.
    mutating func forget(_ node: Int) {
        synced[node] = [:]
        crashed(node)
    }

    /// Checks a watermark that has just moved against one key of its partition.
    mutating func check(_ check: WatermarkCheck, _ history: History) -> Finding? {
        let settled = settledCounts[check.key]
        if let finding = check.run(history, since: settled) { return finding }
        let timestamps = history.lineages[check.key].timestamps[settled...]
        settledCounts[check.key] += timestamps.prefix { $0 <= check.watermark }.count
        return nil
    }
}

/// Checks a watermark against what the nodes hold of one key.
struct WatermarkCheck {
    /// What a node holds of the key.
    struct Holding {
        var node: Int
        var isHome: Bool
        /// Its object, and what it carries in the place of others.
        var contexts: [Context]

        fileprivate func covers(_ dot: Dot) -> Bool { contexts.contains { $0.covers(dot) } }
    }

    let watermark: HybridTimestamp
    let key: Int
    /// Of every node with a sound disk.
    let holdings: [Holding]

    /// A version that nobody has any more was lost, or removed for good: nothing can come of it.
    func run(_ history: History, since first: Int) -> Finding? {
        let lineage = history.lineages[key]
        for place in first..<lineage.dots.count
        where lineage.timestamps[place] <= watermark && !history.isBuried(place, key: key) {
            let dot = lineage.dots[place]
            guard let home = holdings.first(where: { $0.isHome && !$0.covers(dot) }),
                let holder = holdings.first(where: { $0.covers(dot) })
            else { continue }
            return Finding(
                .watermarksTrue,
                "\(dot) of key \(key) is as old as the watermark \(Names.seconds(watermark)); "
                    + "node \(holder.node + 1) has it, and node \(home.node + 1), a home, has not")
        }
        return nil
    }
}
