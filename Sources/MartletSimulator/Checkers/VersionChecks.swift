// Promises about single versions: nothing invented, one dot for one write, and siblings that are
// truly concurrent. Checked wherever a version shows: in every node's log and in every answer.
internal import MartletBase
internal import MartletVersions

/// Checks the versions that a node has just logged under one entry, and notes those it issued.
struct LoggedVersionsCheck {
    /// The node that logged them.
    let node: NodeID
    /// Whether it logged them as a hint, where it may issue dots under names of its own choice.
    let isHint: Bool
    /// Every node: none takes another's name.
    let nodes: [NodeID]
    let key: Int

    /// `held` is what the node held of the key anywhere: what the versions it issues may replace.
    func run(
        before: Object, after: Object, held: @autoclosure () -> [Dot], history: inout History
    ) -> Finding? {
        for sibling in after.siblings {
            if let known = before.siblings.first(where: { $0.dot == sibling.dot }) {
                if known != sibling {
                    return Finding(
                        .dotUniqueness,
                        "dot \(sibling.dot) of key \(key) has changed where \(node) holds it"
                    )
                }
                continue
            }
            if history.versions[sibling.dot] == nil, mayIssue(sibling.dot) {
                history.issue(sibling, key: key, replacing: held())
            }
            if let broken = check(sibling, key: key, history: history) { return broken }
        }
        return nil
    }

    private func mayIssue(_ dot: Dot) -> Bool {
        isHint ? !nodes.contains(dot.actor.node) : dot.actor.node == node
    }
}

/// Checks the versions that a client was shown.
struct ShownVersionsCheck {
    let key: Int

    func run(_ object: Object, history: History) -> Finding? {
        for sibling in object.siblings {
            if let broken = check(sibling, key: key, history: history) { return broken }
        }
        guard object.siblings.count > 1 else { return nil }
        for earlier in object.dots {
            for later in object.dots
            where earlier != later && history.precedes(earlier, later) {
                return Finding(
                    .clockFidelity,
                    "key \(key): \(later) was written by one who had seen \(earlier), and both "
                        + "are shown as siblings"
                )
            }
        }
        return nil
    }
}

/// Whether a version is what its dot was issued for, and was asked for by a client.
private func check(
    _ sibling: Sibling, key: Int, history: History
) -> Finding? {
    guard let version = history.versions[sibling.dot] else {
        return Finding(.nothingInvented, "dot \(sibling.dot) of key \(key) was never issued")
    }
    if version.key != key || version.content != History.digest(sibling) {
        return Finding(
            .dotUniqueness,
            "dot \(sibling.dot) names a write to key \(version.key) and another to key \(key)"
        )
    }
    guard let number = version.operation, number < history.operations.count,
        history.operations[number].key == key, history.operations[number].kind != .get,
        (history.operations[number].kind == .delete) == (sibling.content == .tombstone)
    else {
        return Finding(
            .nothingInvented, "version \(sibling.dot) of key \(key) is no client's write")
    }
    return nil
}
