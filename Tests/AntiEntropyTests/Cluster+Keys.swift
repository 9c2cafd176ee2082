// What the tests do with a cluster's keys, and what they see of them.
import MartletBase
import MartletReplication
import MartletRing
import MartletStorage
import MartletVersions
import MartletWire
import Testing

@testable import MartletAntiEntropy
@testable import MartletNode

extension Cluster {
    // MARK: Clients

    /// Has a client put `value`, or delete where there is none, by way of a node.
    mutating func put(
        _ key: String, _ value: String?, at number: Int, expiry: WallTime? = nil,
        _ adjust: (inout WriteOptions) -> Void = { _ in }
    ) {
        var options = WriteOptions()
        adjust(&options)
        let content = value.map { Sibling.Content.value(Bytes(text: $0)) } ?? .tombstone
        let mutation = Mutation(content: content, expiry: expiry, causality: .coordinator)
        ask(.put(mutation, options), key, at: number)
    }

    /// What a client is shown of a key by way of a node; nil where it is not answered.
    mutating func get(
        _ key: String, at number: Int, _ adjust: (inout ReadOptions) -> Void = { _ in }
    ) -> Object? {
        var options = ReadOptions()
        adjust(&options)
        ask(.get(options), key, at: number)
        guard case .read(let read) = lastAnswer else { return nil }
        return read.object
    }

    private mutating func ask(_ operation: ClientOperation, _ key: String, at number: Int) {
        requests += 1
        lastAnswer = nil
        let request = ClientRequest(key: Bytes(text: key), operation: operation)
        handle(.requestReceived(RequestID(rawValue: requests), request), at: number)
        pass(.milliseconds(20))
    }

    // MARK: Replicas

    func partition(of key: String) -> UInt16 {
        topology.partition(ofKey: Bytes(text: key)).index
    }

    /// The nodes that are homes of a partition, first to last.
    func homes(of partition: UInt16) -> [Int] {
        topology.homes(of: Partition(index: partition)).compactMap { home in
            nodes.firstIndex { $0.id == home }
        }
    }

    func homes(of key: String) -> [Int] { homes(of: partition(of: key)) }

    /// The first node that is no home of the key.
    func stranger(to key: String) -> Int? {
        nodes.indices.first { !homes(of: key).contains($0) }
    }

    /// `count` keys of one partition.
    func keys(_ count: Int, of partition: UInt16, _ prefix: String = "key") -> [String] {
        var keys: [String] = []
        var number = 0
        while keys.count < count {
            let key = "\(prefix)-\(number)"
            if self.partition(of: key) == partition { keys.append(key) }
            number += 1
        }
        return keys
    }

    private func objectKey(_ key: String) -> StorageKey {
        .object(partition: partition(of: key), key: Bytes(text: key))
    }

    /// What a node stores as the object of a key; nil where there is nothing.
    func stored(_ key: String, at number: Int) -> Object? {
        guard case .found(let bytes) = nodes[number].engine.get(objectKey(key)) else { return nil }
        var reader = ByteReader(bytes)
        return try? Object(from: &reader)
    }

    /// Whether a node has anything left of a key: its object, or the note beside it.
    func hasTrace(of key: String, at number: Int) -> Bool {
        let note = StorageKey.object(partition: partition(of: key), key: Bytes(text: key)).removable
        return nodes[number].engine.get(objectKey(key)) != .absent
            || nodes[number].engine.get(note) != .absent
    }

    /// Hands a home an object as another home would that repairs it.
    mutating func give(
        _ object: Object, _ key: String, to number: Int,
        purpose: ReplicaPut.Purpose = .repair, from: Int? = nil
    ) {
        let sender = from ?? homes(of: key).first { $0 != number } ?? number
        let put = ReplicaPut(
            operation: .unanswered, key: Bytes(text: key), object: object, purpose: purpose,
            durable: false, patience: .seconds(1))
        handle(.messageReceived(.replication(.put(put)), from: Peer(nodes[sender].id)), at: number)
    }

    /// A node's storage loses a key, tree and all, and finds that out.
    mutating func lose(_ key: String, at number: Int) throws {
        damage(partition(of: key), at: number)
        guard case .found(let bytes) = nodes[number].engine.get(objectKey(key)) else { return }
        var batch = WriteBatch()
        batch.delete(objectKey(key), replacing: bytes)
        try nodes[number].engine.write(batch)
        for event in nodes[number].storage.answers() { handle(event, at: number) }
    }

    /// A node finds that its storage has lost data of a partition.
    mutating func damage(_ partition: UInt16, at number: Int) {
        var effects: [AntiEntropyEffect] = []
        nodes[number].core.shard.antiEntropy.damageFound(in: [partition], into: &effects)
        for case .settle(let partition, let watermark) in effects {
            nodes[number].core.shard.replication.settle(partition, upTo: watermark)
        }
        for event in nodes[number].storage.answers() { handle(event, at: number) }
    }

    // MARK: Anti-entropy

    func watermark(_ partition: UInt16, at number: Int) -> HybridTimestamp {
        nodes[number].core.shard.antiEntropy.times.watermark(partition)
    }

    func trusted(_ partition: UInt16, at number: Int) -> HybridTimestamp {
        nodes[number].core.shard.antiEntropy.times.trusted(partition)
    }

    func isInDoubt(_ partition: UInt16, at number: Int) -> Bool {
        nodes[number].core.isInDoubt(of: Partition(index: partition))
    }

    func provable(
        _ partition: UInt16, at number: Int
    ) -> Result<HybridTimestamp, Promises.Obstacle> {
        let antiEntropy = nodes[number].core.shard.antiEntropy
        return antiEntropy.promises.provable(partition, antiEntropy.here)
    }

    func floor(at number: Int) -> HybridTimestamp {
        nodes[number].core.shard.antiEntropy.promises.floor
    }

    func counters(at number: Int) -> AntiEntropyCounters {
        nodes[number].core.shard.antiEntropy.counters
    }

    /// Whether all homes of every partition have the same root.
    var isEven: Bool {
        (0..<UInt16(topology.partitionCount.value)).allSatisfy { partition in
            let roots = homes(of: partition).map { nodes[$0].engine.tree(of: partition)?.root }
            return Set(roots).count == 1 && roots[0] != nil
        }
    }

    /// What was sent since `mark` that `kind` finds something in.
    func sent<Found>(since mark: Int = 0, _ kind: (Sent) -> Found?) -> [Found] {
        sent.dropFirst(mark).compactMap(kind)
    }

    /// Hands a message of anti-entropy to a node.
    mutating func exchange(_ message: ExchangeMessage, from: Int, to: Int) {
        handle(.messageReceived(.exchange(message), from: Peer(nodes[from].id)), at: to)
    }
}

extension Cluster.Sent {
    var exchange: ExchangeMessage? {
        if case .exchange(let message) = message { message } else { nil }
    }

    /// What an exchange had sent.
    var pushed: [Parcel.Entry]? {
        if case .replication(.parcel(let parcel)) = message { parcel.entries } else { nil }
    }

    var put: ReplicaPut? {
        if case .replication(.put(let put)) = message { put } else { nil }
    }
}

extension Object {
    /// An object of one value, written under `node`'s name.
    static func one(
        _ value: String?, by node: UInt64, _ counter: UInt64 = 1, seen: Context = Context(),
        at milliseconds: UInt64 = 0, expiry: WallTime? = nil
    ) -> Object {
        let wall = WallTime(milliseconds: Cluster.wallStart.milliseconds + milliseconds)
        var object = Object()
        object.record(
            Sibling(
                dot: Dot(
                    actor: Actor(node: NodeID(rawValue: node), incarnation: 1), counter: counter),
                timestamp: HybridTimestamp(wall),
                content: value.map { .value(Bytes(text: $0)) } ?? .tombstone, expiry: expiry),
            seen: seen)
        return object
    }
}
