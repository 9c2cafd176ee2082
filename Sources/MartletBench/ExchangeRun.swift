// The measurement of exchanges: replicas are filled, one of them short of some keys; then nothing
// is done but to let time pass and to look.
package import MartletLocal

internal import MartletAntiEntropy
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// One value size.
package struct ExchangeRun {
    let load: ExchangeLoad
    let signals: StopSignals
    /// How long equal replicas are looked at, in seconds.
    var secondsOfEquals = 3_600
    /// Whether writes with trees and without are compared too.
    var comparesWrites = true

    /// The node that lacks keys.
    private static let victim = 0
    /// Writes between two turns of a node's loop.
    private static let turnOperations = 64
    private static let step = Duration.seconds(1)
    /// In how many steps the replicas must be equal.
    private static let stepLimit = 24 * 3_600
    /// Until what is under way when the replicas have become equal has ended.
    private static let restSteps = 300

    /// Exchanges of `replicaCount` nodes that hold `keyCount` keys, of which one of them lacks
    /// `lostShare`, from 0 to 1.
    package init(
        keyCount: Int, valueBytes: Int, lostShare: Double, replicaCount: Int, signals: StopSignals
    ) {
        load = ExchangeLoad(
            keyCount: keyCount, valueBytes: valueBytes, lostShare: lostShare,
            replicaCount: replicaCount)
        self.signals = signals
    }

    /// Measures; `tell` hears what is being done.
    package func measure(
        tell: (String) -> Void = { _ in }
    ) throws(LocalFailure) -> ExchangeResult {
        var result = ExchangeResult(load)
        var stand = try ExchangeStand(load.replicaCount)
        tell("filling")
        let lost = try fill(&stand, &result)

        tell("mending")
        let before = counters(stand)
        stand.traffic = ExchangeTraffic()
        var thread = StorageGauges.threadTime
        while !stand.isEven, result.secondsToMend < Self.stepLimit {
            try pass(&stand)
            result.secondsToMend += 1
        }
        guard stand.isEven else { throw LocalFailure("the replicas did not become equal") }
        result.processorSecondsToMend = Double(StorageGauges.threadTime - thread) / 1e9
        result.mending = ExchangeResult.shares(of: stand.traffic)
        result.bytesMoved = stand.traffic.bytes
        let after = counters(stand)
        result.leavesInvolved = leaves(of: lost, in: stand)
        result.leavesRead = after.leavesRead - before.leavesRead
        result.treeBytes = stand.nodes[Self.victim].engine.treeBytes
        result.objectsPushed = after.pushes - before.pushes

        tell("comparing equals")
        for _ in 0..<Self.restSteps { try pass(&stand) }
        let compared = counters(stand).comparisons
        stand.traffic = ExchangeTraffic()
        thread = StorageGauges.threadTime
        for _ in 0..<secondsOfEquals { try pass(&stand) }
        result.processorSecondsOfEquals = Double(StorageGauges.threadTime - thread) / 1e9
        result.equals = ExchangeResult.shares(of: stand.traffic)
        // Both sides count.
        result.comparisons = (counters(stand).comparisons - compared) / 2
        guard comparesWrites else { return result }

        tell("writes with trees and without")
        let trees = TreeCostRun(
            load: StorageLoad(keyCount: 50_000, valueBytes: load.valueBytes), signals: signals)
        result.treeCost = try trees.measureNodes()
        result.storageTreeCost = try trees.measureStorage()
        return result
    }

    private func pass(_ stand: inout ExchangeStand) throws(LocalFailure) {
        if signals.isStopping { throw LocalFailure("interrupted") }
        try stand.pass(Self.step)
    }

    /// Returns the keys that the victim lacks.
    private func fill(
        _ stand: inout ExchangeStand, _ result: inout ExchangeResult
    ) throws(LocalFailure) -> [StorageKey] {
        let members = stand.nodes.map(\.id)
        var batches = [WriteBatch](repeating: WriteBatch(), count: members.count)
        var lost: [StorageKey] = []
        for index in 0..<load.keyCount {
            let key = load.key(index)
            let partition = stand.topology.partition(ofKey: key).index
            let place = StorageKey.object(partition: partition, key: key)
            let bytes = load.object(index, writtenBy: members).encoded()
            let isLost = load.isLost(index)
            for node in members.indices where node != Self.victim || !isLost {
                batches[node].put(place, bytes, replacing: nil)
            }
            if isLost {
                lost.append(place)
                result.storedBytesLost += key.count + bytes.count
            }
            guard index % Self.turnOperations == 0 || index == load.keyCount - 1 else { continue }
            for node in members.indices {
                try stand.fill(node, batches[node])
                batches[node] = WriteBatch()
            }
            if signals.isStopping { throw LocalFailure("interrupted") }
        }
        result.keysLost = lost.count
        return lost
    }

    /// How many leaves of its tree hold `keys`.
    private func leaves(of keys: [StorageKey], in stand: ExchangeStand) -> Int {
        var found: Set<[Int]> = []
        for key in keys {
            let tree = stand.nodes[Self.victim].engine.tree(of: key.partition)
            let leaf = MerkleTree.leafIndex(of: key.hash, depth: tree?.depth ?? 0)
            found.insert([Int(key.partition), leaf])
        }
        return found.count
    }

    private func counters(
        _ stand: ExchangeStand
    ) -> (leavesRead: Int, pushes: Int, comparisons: Int) {
        let exchanges = stand.nodes.map(\.core.antiEntropyCounters)
        return (
            Int(exchanges.reduce(0) { $0 + $1.leavesRead }),
            Int(stand.nodes.reduce(0) { $0 + $1.core.counters.pushes }),
            Int(exchanges.reduce(0) { $0 + $1.comparisons })
        )
    }
}
