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
    /// The homes that took part, and the nodes that are no homes and may have stood in.
    let homes: [(node: Int, hint: StorageKey)]
    let others: [Int]
    /// How many nodes there are: any may keep a hint, a home that did not take part too.
    let nodeCount: Int
    let losses: Losses

    func run(_ mirror: ReplicaMirror, _ history: History) -> Finding? {
        guard ([write.coordinator] + others).allSatisfy(isSpared),
            !history.isBuried(write.place, key: write.key), isHeld(mirror)
        else { return nil }
        for (home, hint) in homes
        where isSpared(home) && !mirror.covers(write.dot, under: object, at: home) {
            if (0..<nodeCount).contains(where: { mirror.covers(write.dot, under: hint, at: $0) }) {
                continue
            }
            return Finding(
                .homesRemembered,
                "node \(home + 1), a home, does not have \(write.dot) of key \(write.key), issued "
                    + "by node \(write.coordinator + 1) at \(EventLog.seconds(write.at))s, and "
                    + "nobody keeps a hint of it")
        }
        return nil
    }

    /// Whether anybody has it: what nobody has any more was not left behind but lost.
    private func isHeld(_ mirror: ReplicaMirror) -> Bool {
        let entries = [object] + homes.map(\.hint)
        return (0..<nodeCount).contains { node in
            entries.contains { mirror.covers(write.dot, under: $0, at: node) }
        }
    }

    private func isSpared(_ node: Int) -> Bool { losses.spared(node, since: write.at) }
}
