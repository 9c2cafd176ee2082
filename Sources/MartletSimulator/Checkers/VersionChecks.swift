// Promises about single versions: nothing invented, one dot for one write, contexts that order as
// histories do, deletes and expiries that are final. Checked wherever a version shows: in every
// node's log and in every answer.
internal import MartletBase
internal import MartletVersions

/// Checks the versions that a node has just logged under one entry, and notes those it issued.
struct LoggedVersionsCheck {
    /// The node that logged them.
    let node: NodeID
    /// The name under which it writes as a home: its own, or another since it lost its disk.
    let writesAs: NodeID
    /// Whether it logged them as a hint.
    let isHint: Bool
    /// Whether it may issue dots under names of its own choice: in a hint, and as a home whose disk
    /// has lost data until it has a new name.
    let mayStandIn: Bool
    /// Every node: none takes another's name.
    let nodes: [NodeID]
    let key: Int
    /// Up to where the node knows what was removed.
    let judgement: HybridTimestamp

    /// What the versions that the node issues may replace is what it held: as a home `before`, as a
    /// stand-in `standInDots`, which nobody asks for of a node that may not stand in.
    func run(
        before: ReplicaMirror.Entry?, after: ReplicaMirror.Entry, standInDots: [Dot],
        history: inout History
    ) -> Finding? {
        let held = before?.object ?? Object()
        if isHint { return breach(from: held, to: after.object, standInDots, &history) }
        var change = CheckedChange(before: before, after: after, judgement: judgement)
        change.count(history, of: key)
        if history.lastChecked[key] == change { return nil }
        if let broken = breach(from: held, to: after.object, standInDots, &history) {
            return broken
        }
        // It may have issued one of the versions.
        change.count(history, of: key)
        history.lastChecked[key] = change
        return nil
    }

    private func breach(
        from before: Object, to after: Object, _ standInDots: [Dot], _ history: inout History
    ) -> Finding? {
        let held = before.siblings
        for sibling in after.siblings {
            if let known = held.first(where: { $0.dot == sibling.dot }) {
                if let change = change(from: known, to: sibling) { return change }
                continue
            }
            var known = history.versions[sibling.dot]
            if known == nil, mayIssue(sibling.dot) {
                known = history.issue(
                    sibling, key: key, replacing: isOwn(sibling.dot) ? before.dots : standInDots)
                if let late = LateWriteCheck(dot: sibling.dot).run(known, history) { return late }
            }
            if let broken = check(sibling, known, key: key, history: history) { return broken }
            if !isHint, sibling.timestamp <= judgement, let known,
                history.isBuried(known.place, key: key)
            {
                return Finding(
                    .deletedStaysDeleted,
                    "\(sibling.dot) of key \(key) was removed for good, and \(node) holds it again")
            }
            if !isHint, before.context.covers(sibling.dot),
                history.isDeleted(sibling.dot, key: key, within: before.context)
            {
                return Finding(
                    .deletedStaysDeleted,
                    "\(sibling.dot) of key \(key) was deleted where \(node) holds it again")
            }
        }
        // A mark holds no siblings of its own, so that of hints there is nothing to order.
        return isHint ? nil : order(before, after, history)
    }

    private func mayIssue(_ dot: Dot) -> Bool {
        isOwn(dot) ? !isHint : mayStandIn && !nodes.contains(dot.actor.node)
    }

    private func isOwn(_ dot: Dot) -> Bool {
        dot.actor.node == node || dot.actor.node == writesAs
    }

    private func change(from known: Sibling, to sibling: Sibling) -> Finding? {
        if known == sibling { return nil }
        if known.expiry != sibling.expiry {
            return Finding(
                .expiryKept, "\(node) has changed when \(sibling.dot) of key \(key) expires")
        }
        return Finding(
            .dotUniqueness, "dot \(sibling.dot) of key \(key) has changed where \(node) holds it")
    }

    /// What the context newly covers is there, or was known to the writer of what is.
    private func order(_ before: Object, _ after: Object, _ history: History) -> Finding? {
        let dots = after.dots
        let gone =
            history.places(of: before.dots, key: key)
            + history.lineages[key].places(coveredBy: after.context, beyond: before.context)
        let held = history.held(dots, key: key, against: gone)
        if held.areOrdered { return falseConcurrency(dots, key: key, history) }
        let unknown = gone.first { !held.covers($0) && !history.isBuried($0, key: key) }
        guard let place = unknown else { return nil }
        return Finding(
            .clockFidelity,
            "key \(key): \(node) takes \(history.lineages[key].dots[place]) for replaced, and "
                + "holds \(dots), whose writers had not seen it")
    }
}

/// Checks the versions that a client was shown.
struct ShownVersionsCheck {
    let key: Int

    /// How many of the latest versions of a key are looked for in the context.
    private static let latestLimit = 16

    /// `places` are those of the siblings, as far as these were issued for the key.
    func run(_ object: Object, places: [Int], history: History) -> Finding? {
        for sibling in object.siblings {
            let known = history.versions[sibling.dot]
            if let broken = check(sibling, known, key: key, history: history) { return broken }
        }
        let lineage = history.lineages[key]
        let latest = lineage.dots.indices.suffix(Self.latestLimit)
            .filter { object.covers(lineage.dots[$0]) }
        let held = history.held(places, key: key, against: latest)
        if held.areOrdered { return falseConcurrency(object.dots, key: key, history) }
        let unknown = latest.first { !held.covers($0) && !history.isBuried($0, key: key) }
        guard let place = unknown else { return nil }
        return Finding(
            .clockFidelity,
            "key \(key): a read shows \(object.dots), its context covers \(lineage.dots[place]), "
                + "which their writers had not seen")
    }
}

/// Of two siblings neither is in the other's history; here one is. What was removed or pruned for
/// good is known by its age alone: a home that has lost data may have it again, and take it for a
/// sibling until it is compared with others.
private func falseConcurrency(_ dots: [Dot], key: Int, _ history: History) -> Finding? {
    for earlier in dots where !history.isBuried(earlier, key: key) {
        for later in dots where earlier != later && history.precedes(earlier, later) {
            return Finding(
                .clockFidelity,
                "key \(key): \(later) was written by one who had seen \(earlier), and both are "
                    + "siblings")
        }
    }
    return nil
}

/// Whether a version is what its dot was issued for, and was asked for by a client.
private func check(
    _ sibling: Sibling, _ known: Version?, key: Int, history: History
) -> Finding? {
    guard let version = known else {
        return Finding(.nothingInvented, "dot \(sibling.dot) of key \(key) was never issued")
    }
    if version.key != key || version.content != History.digest(sibling) {
        return Finding(
            .dotUniqueness,
            "dot \(sibling.dot) names a write to key \(version.key) and another to key \(key)"
        )
    }
    guard let number = version.operation, number < history.operations.count,
        asks(history.operations[number], for: sibling, of: key)
    else {
        return Finding(
            .nothingInvented, "version \(sibling.dot) of key \(key) is no client's write")
    }
    if sibling.expiry != history.operations[number].expiry {
        return Finding(
            .expiryKept,
            "version \(sibling.dot) of key \(key) does not expire when w\(number) had said")
    }
    return nil
}

private func asks(_ operation: Operation, for sibling: Sibling, of key: Int) -> Bool {
    guard operation.key == key else { return false }
    switch sibling.content {
    case .value(let value):
        return operation.kind == .put && operation.content == StableHash.hash(value)
    case .tombstone: return operation.kind == .delete
    }
}
