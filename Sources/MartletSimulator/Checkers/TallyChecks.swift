// What carts and counters must say, held against what clients asked of them. Both are read, merged
// and written with the context of what was read, so each version says all that its ancestors did:
// whatever was acknowledged, and is kept, is in the merge of what there is.
internal import MartletBase

/// What one write of a cart or counter changed.
struct TallyChange {
    let operation: Int
    let key: Int
    /// The id whose count it raised, and to what; for a cart the item, for a counter the client.
    /// Nil where it only takes out or merges.
    let raised: (id: Int, count: Int)?
    /// The item that it takes out.
    let removed: Int?
}

/// All that clients have asked carts and counters to say.
struct TallyTruth {
    /// In the order of asking.
    private(set) var changes: [TallyChange] = []
    /// For each write, its change.
    private var numbers: [Int: Int] = [:]

    mutating func ask(_ change: TallyChange) {
        numbers[change.operation] = changes.count
        changes.append(change)
    }

    func change(of operation: Int) -> TallyChange? { numbers[operation].map { changes[$0] } }
}

/// Checks one cart.
struct CartCheck {
    let key: Int
    /// The merge of all siblings anywhere.
    let found: Tally
    /// Its writes that were acknowledged and are kept by somebody.
    let kept: [TallyChange]

    func run(_ truth: TallyTruth) -> Finding? {
        let changes = truth.changes.filter { $0.key == key }
        let added = Set(changes.compactMap { $0.raised?.id })
        let removed = Set(changes.compactMap(\.removed))
        if let item = found.entries.first(where: { !added.contains($0.id) })?.id {
            return Finding(.cartsKeepItems, "cart \(key) has the item \(item), which nobody added")
        }
        for change in kept {
            guard let item = change.raised?.id, found[item] == 0, !removed.contains(item) else {
                continue
            }
            return Finding(
                .cartsKeepItems,
                "cart \(key) has lost the item \(item), added by w\(change.operation) and taken "
                    + "out by nobody")
        }
        return nil
    }
}

/// Checks one counter, client by client.
struct CounterCheck {
    let key: Int
    /// The merge of all siblings anywhere.
    let found: Tally
    /// Its writes that were acknowledged and are kept by somebody.
    let kept: [TallyChange]

    func run(_ truth: TallyTruth) -> Finding? {
        var asked = Tally()
        for change in truth.changes where change.key == key { asked.raise(change.raised) }
        for (client, count) in found.entries where count > asked[client] {
            return Finding(
                .countersAddUp,
                "counter \(key) says that client \(client) raised it \(count) times, and it asked "
                    + "for \(asked[client])")
        }
        var owed = Tally()
        for change in kept { owed.raise(change.raised) }
        for (client, count) in owed.entries where count > found[client] {
            return Finding(
                .countersAddUp,
                "counter \(key) says that client \(client) raised it \(found[client]) times, and "
                    + "\(count) were acknowledged")
        }
        return nil
    }
}

extension Tally {
    fileprivate mutating func raise(_ change: (id: Int, count: Int)?) {
        if let (id, count) = change { self[id] = max(self[id], count) }
    }
}
