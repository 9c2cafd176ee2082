// What goes for good must have been everywhere: looked at where a home removes from its storage
// what is left of a key.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions

/// A home of a key beside the one that is looked at.
struct OtherHome {
    let node: Int
    /// When it last lost its disk; nil for never.
    let lostDiskAt: Instant?

    /// Whether it covers `dot` of the key at `entry`, or did so when its disk still had it.
    func hasSeen(
        _ dot: Dot, of entry: StorageKey, _ history: History, _ mirror: ReplicaMirror
    ) -> Bool {
        mirror.hasCovered(dot, under: entry, at: node) || history.hasBegun(dot, by: lostDiskAt)
    }
}

/// Checks an object that a node has just removed.
struct SettledRemovalCheck {
    let node: Int
    let key: Int
    let object: Object
    /// By the clock in the middle of all nodes'.
    let wall: WallTime
    /// Where it stood.
    let entry: StorageKey
    /// The other homes of the key.
    let others: [OtherHome]

    func run(_ history: History, _ mirror: ReplicaMirror) -> Finding? {
        for sibling in object.siblings {
            guard let place = history.versions[sibling.dot]?.place,
                !history.isBuried(place, key: key)
            else { continue }
            let version = "\(sibling.dot) of key \(key)"
            if sibling.value(at: wall) != nil {
                return Finding(
                    .removalsSettled, "node \(node + 1) has removed \(version), a value")
            }
            for other in others where !other.hasSeen(sibling.dot, of: entry, history, mirror) {
                return Finding(
                    .removalsSettled,
                    "node \(node + 1) has removed \(version), which node \(other.node + 1), a home "
                        + "too, has never seen")
            }
        }
        return nil
    }
}
