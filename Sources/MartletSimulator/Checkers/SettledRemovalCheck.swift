// What goes for good must have been everywhere: looked at where a home removes from its storage
// what is left of a key.
internal import MartletBase
internal import MartletVersions

/// Checks an object that a node has just removed.
struct SettledRemovalCheck {
    let node: Int
    let key: Int
    let object: Object
    /// By the clock of the node.
    let wall: WallTime
    /// For each other home of the key, what it holds of it.
    let others: [(node: Int, held: Object)]

    func run(_ history: History) -> Finding? {
        for sibling in object.siblings {
            guard let place = history.versions[sibling.dot]?.place,
                !history.isBuried(place, key: key)
            else { continue }
            let version = "\(sibling.dot) of key \(key)"
            if sibling.value(at: wall) != nil {
                return Finding(
                    .removalsSettled, "node \(node + 1) has removed \(version), a value")
            }
            for other in others where !other.held.context.covers(sibling.dot) {
                return Finding(
                    .removalsSettled,
                    "node \(node + 1) has removed \(version), which node \(other.node + 1), a home "
                        + "too, has never seen")
            }
        }
        return nil
    }
}
