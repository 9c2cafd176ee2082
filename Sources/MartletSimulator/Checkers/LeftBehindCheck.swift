// No home is left behind unnoticed: when the coordinator of a write is through with it, at its
// deadline, each home has it, or somebody keeps a hint of it for that home. What is not so held is
// found by exchanges alone, which a home that is away cannot take part in.
//
//     the home covers it          │
//     its last trace has gone     ├─ of every home that took part
//     a hint for the home has it  │
//
// Nothing can be asked where a crash or a bad disk may have taken what stood there: of a home that
// crashed since; of anybody, when the coordinator did, which alone knew who is missing it, or a
// node outside the homes, which may have stood in.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions

/// A version as it was issued.
struct BegunWrite {
    let dot: Dot
    /// Its place in its key's lineage, and the key's number.
    let place: Int
    let key: Int
    /// The node that issued it.
    let coordinator: Int
    let at: Instant
}

/// Checks one write that has ended against what all nodes hold.
struct LeftBehindCheck {
    let write: BegunWrite
    /// The object's entry.
    let object: StorageKey
    /// The homes of its key, and which nodes of them took part.
    let allHomes: [NodeID]
    let homes: [Int]
    /// All shards: any that serves the key may keep a hint, of a home that did not take part too.
    let shards: [SimulatedShard]
    let losses: Losses

    func run(_ mirror: ReplicaMirror, _ history: History) -> Finding? {
        // Mostly every home has it, and then nothing else need be looked at.
        let held = mirror.entries(object, at: homes)
        if held.allSatisfy({ $0?.object.covers(write.dot) ?? false }) { return nil }
        guard isSpared(write.coordinator), standIns.allSatisfy(isSpared),
            !history.isBuried(write.place, key: write.key)
        else { return nil }
        let forgotten = homes.first { home in
            isSpared(home) && !mirror.covers(write.dot, under: object, at: home)
                && !isHeld(under: hint(for: home), mirror)
        }
        guard let home = forgotten, isHeldAnywhere(mirror) else { return nil }
        return Finding(
            .homesRemembered,
            "node \(home + 1), a home, does not have \(write.dot) of key \(write.key), issued "
                + "by node \(write.coordinator + 1) at \(EventLog.seconds(write.at))s, and "
                + "nobody keeps a hint of it")
    }

    /// Whether anybody has it: what nobody has any more was not left behind but lost.
    private func isHeldAnywhere(_ mirror: ReplicaMirror) -> Bool {
        isHeld(under: object, mirror)
            || homes.contains { isHeld(under: hint(for: $0), mirror) }
    }

    /// Whether any node has it under `entry`.
    private func isHeld(under entry: StorageKey?, _ mirror: ReplicaMirror) -> Bool {
        guard let entry else { return false }
        return mirror.entries(entry, at: Array(shards.indices)).contains {
            $0?.object.covers(write.dot) ?? false
        }
    }

    private func hint(for home: Int) -> StorageKey? {
        shards[home].id.map { .hint(partition: object.partition, key: object.key, home: $0) }
    }

    /// The nodes that are no homes and may have stood in.
    private var standIns: [Int] {
        shards.filter { $0.id.map { !allHomes.contains($0) } ?? false }.map(\.index)
    }

    private func isSpared(_ node: Int) -> Bool { losses.spared(node, since: write.at) }
}
