// Where the checkers look when a node takes something for settled.
internal import MartletBase
internal import MartletNode
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

extension World {
    private static let watermarkName = Bytes(text: "watermark-")

    private static let floorName = Bytes(text: "floor")

    /// A node has logged something that it knows of itself: a watermark, the floor that it is about
    /// to promise, or something else.
    mutating func checkWatermark(
        _ entry: StorageKey, _ bytes: Bytes, at position: LogPosition, of node: SimulatedShard
    ) throws(FormatError) {
        var reader = ByteReader(bytes)
        if entry.key == Self.floorName {
            let floor = HybridTimestamp(bits: try reader.readUInt64())
            return said.logged(floor, at: node.index, position: position)
        }
        guard let topology = node.topology, let partition = Self.partition(of: entry) else {
            return
        }
        let watermark = HybridTimestamp(bits: try reader.readUInt64())
        occurrences[.settled] += 1
        found(watermarks.move(partition, to: watermark, at: node.index, position: position))
        checkSettled(partition, upTo: watermark, topology)
    }

    /// A node has logged that it knows something of itself no more: of a partition of which it is
    /// no home, up to where it is settled.
    mutating func noteForgotten(_ entry: StorageKey, of node: SimulatedShard) {
        guard let topology = node.topology, let id = node.id,
            let partition = Self.partition(of: entry),
            !topology.readers(of: Partition(index: partition)).contains(id)
        else { return }
        watermarks.left(partition, at: node.index)
    }

    /// Somebody takes a partition for settled.
    mutating func checkSettled(
        _ partition: UInt16, upTo watermark: HybridTimestamp, _ topology: Topology
    ) {
        for key in keys(in: partition, topology) {
            let check = WatermarkCheck(
                watermark: watermark, key: key, holdings: holdings(of: key, in: partition, topology)
            )
            found(watermarks.check(check, history))
        }
    }

    /// What a node knows to be settled.
    mutating func checkWatermarks(of node: SimulatedShard) {
        guard node.topology != nil, !node.isDamaged else { return }
        for index in (0..<scenario.partitionCount).map({ UInt16($0) })
        where node.owns(index) {
            guard let watermark = node.watermark(of: index) else { return }
            found(watermarks.see(watermark, of: index, at: node.index))
        }
    }

    private static func partition(of entry: StorageKey) -> UInt16? {
        guard entry.key.starts(with: watermarkName) else { return nil }
        return entry.key.dropFirst(watermarkName.count).reduce(into: UInt16(0)) {
            $0 = $0 * 10 + UInt16($1 - UInt8(ascii: "0"))
        }
    }

    mutating func keys(in partition: UInt16, _ topology: Topology) -> [Int] {
        if keysByPartition.isEmpty {
            for (number, key) in history.keys.enumerated() {
                keysByPartition[topology.partition(ofKey: key).index, default: []].append(number)
            }
        }
        return keysByPartition[partition] ?? []
    }

    /// What each node holds of a key whose disk is sound, and filled again if it was lost: a home
    /// counts for its object alone, every other for its hints.
    private func holdings(
        of key: Int, in partition: UInt16, _ topology: Topology
    ) -> [WatermarkCheck.Holding] {
        let homes = topology.readers(of: Partition(index: partition))
        let bytes = history.keys[key]
        let object = StorageKey.object(partition: partition, key: bytes)
        let hints = homes.map { StorageKey.hint(partition: partition, key: bytes, home: $0) }
        let count = partitionCount
        let serving = shards.filter {
            $0.shard.serves(Partition(index: partition), of: count)
        }
        return serving.filter { !$0.isDamaged && !isUnfilled($0, in: partition) }.flatMap { node in
            let isHome = node.id.map(homes.contains) ?? false
            let own = mirror.entry(object, at: node.index).map { [$0.object.context] } ?? []
            let carried = hints.compactMap { mirror.carried(by: $0, at: node.index)?.context }
            return [
                WatermarkCheck.Holding(node: node.index, isHome: isHome, contexts: own),
                WatermarkCheck.Holding(node: node.index, isHome: false, contexts: carried),
            ]
        }
    }
}
