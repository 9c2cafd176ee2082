// What keeping Merkle trees costs writes: the same writes with trees and without, in turns, so that
// whatever else the machine does meets both.
internal import MartletBase
internal import MartletLocal
internal import MartletNode
internal import MartletReplication
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// Processor time of writes with trees and without, in microseconds a write.
package struct TreeCost: Hashable, Sendable, Encodable {
    /// With trees.
    package var with: Double
    /// Without.
    package var without: Double
    /// The median over rounds of what the throughput with trees lacks, as a share of that without.
    package var share: Double

    /// Times of rounds, in seconds for `writes` of them.
    init(_ rounds: [(with: Double, without: Double)], writes: Int) {
        func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
        with = median(rounds.map(\.with)) * 1e6 / Double(writes)
        without = median(rounds.map(\.without)) * 1e6 / Double(writes)
        share = median(rounds.map { 1 - $0.without / $0.with })
    }
}

/// The measurement of it.
struct TreeCostRun {
    let load: StorageLoad
    let signals: StopSignals

    private static let rounds = 41
    /// Writes of a round by clients, and of one by the storage alone.
    private static let writes = 4_000
    private static let storageWrites = 20_000
    /// Writes that clients wait for at a time.
    private static let clients = 64
    private static let replicaCount = 3

    /// The cost by whole nodes: clients' writes, of which half are of keys that are there, go to
    /// three replicas, with all frames and logs but without sockets and disks.
    func measureNodes() throws(LocalFailure) -> TreeCost {
        var with = try ExchangeStand(Self.replicaCount)
        var without = try ExchangeStand(Self.replicaCount, keepsTrees: false)
        return try measure(Self.writes) { round, keepsTrees throws(LocalFailure) in
            if keepsTrees {
                try write(round, to: &with)
            } else {
                try write(round, to: &without)
            }
        }
    }

    /// The cost by the storage alone: new keys, one to a batch.
    func measureStorage() throws(LocalFailure) -> TreeCost {
        let with = try ExchangeNode(0)
        let without = try ExchangeNode(0, keepsTrees: false)
        return try measure(Self.storageWrites) { round, keepsTrees throws(LocalFailure) in
            try write(round, to: keepsTrees ? with : without)
        }
    }

    private func measure(
        _ writes: Int, _ write: (_ round: Int, _ keepsTrees: Bool) throws(LocalFailure) -> Void
    ) throws(LocalFailure) -> TreeCost {
        var rounds: [(with: Double, without: Double)] = []
        // The first warms up.
        for round in 0...Self.rounds {
            var times = [0.0, 0.0]
            for turn in 0..<2 {
                let keepsTrees = (round + turn) % 2 == 0
                let start = StorageGauges.threadTime
                try write(round, keepsTrees)
                let taken = Double(StorageGauges.threadTime - start) / 1e9
                times[keepsTrees ? 0 : 1] = taken
                if signals.isStopping { throw LocalFailure("interrupted") }
            }
            if round > 0 { rounds.append((times[0], times[1])) }
        }
        return TreeCost(rounds, writes: writes)
    }

    private func write(_ round: Int, to stand: inout ExchangeStand) throws(LocalFailure) {
        for number in 0..<Self.writes {
            let index = load.pick(round * Self.writes + number, salt: 1)
            let mutation = Mutation(
                content: .value(load.value(index, version: round)), expiry: nil,
                causality: .coordinator)
            let request = ClientRequest(
                key: load.key(index).key, operation: .put(mutation, MartletWire.WriteOptions()))
            try stand.ask(request, at: number % Self.replicaCount)
            if number % Self.clients == Self.clients - 1 || number == Self.writes - 1 {
                try stand.pass(.milliseconds(5))
            }
        }
        guard stand.written == (round + 1) * Self.writes else {
            throw LocalFailure(
                "\(stand.written) writes were answered of those of \(round + 1) rounds")
        }
    }

    private func write(_ round: Int, to node: ExchangeNode) throws(LocalFailure) {
        let first = round * Self.storageWrites
        for index in first..<first + Self.storageWrites {
            var object = Object()
            object.record(
                Sibling(
                    dot: Dot(
                        actor: Actor(node: node.id, incarnation: 1), counter: UInt64(index + 1)),
                    timestamp: HybridTimestamp(bits: UInt64(index)),
                    content: .value(load.value(index))),
                seen: Context())
            var batch = WriteBatch()
            batch.put(load.key(index), object.encoded(), replacing: nil)
            while (try? node.engine.write(batch)) == nil { try node.settle() }
            if index % Self.clients == 0 { try node.settle() }
        }
        try node.settle()
    }
}
