// What a client does to a cart or a counter: a read, a merge of all that it shows, a write with the
// context of what was read. The merge and the change are here; asking is the world's.
internal import MartletBase
internal import MartletVersions

/// A change of a cart or counter that is under way.
struct Errand {
    enum Subject {
        case cart
        case counter
    }

    enum Stage {
        case toRead
        case toWrite(Client.Memory, Tally)
    }

    let subject: Subject
    let key: Int
    /// Whether there is nothing to change but to merge siblings that the last write left.
    var onlyMerges = false
    var stage = Stage.toRead

    /// A change as a client makes it: what the next version says, and what that changes.
    static func change(
        _ errand: Errand, _ merged: Tally, as operation: Int, by client: inout Client
    ) -> (tally: Tally, change: TallyChange) {
        var tally = merged
        var raised: (id: Int, count: Int)?
        var removed: Int?
        switch errand.subject {
        case _ where errand.onlyMerges: break
        case .cart where !merged.isEmpty && client.extras.chance(removalShare):
            let item = merged.entries[client.extras.below(merged.entries.count)].id
            tally[item] = 0
            removed = item
        case .cart:
            tally[operation] = 1
            raised = (operation, 1)
        case .counter:
            // The same count until it is acknowledged: an increment that is made again is one.
            let count = client.raised[errand.key, default: 0] + 1
            tally[client.identity] = count
            raised = (client.identity, count)
        }
        let change = TallyChange(
            operation: operation, key: errand.key, raised: raised, removed: removed)
        return (tally, change)
    }

    /// The share of changes of a cart that take something out.
    private static let removalShare = 0.3
}
