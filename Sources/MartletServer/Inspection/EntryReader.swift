// A walk over the entries of a stopped node's storage.
package import MartletBase
internal import MartletStorage
package import MartletViews

/// Which entries are wanted.
package struct EntrySelection: Hashable, Sendable {
    /// A space by its name.
    package enum Space: String, CaseIterable, Hashable, Sendable {
        /// What this node is a home replica or a fallback for.
        case objects
        /// What it keeps for homes.
        case hints
        /// The Merkle tree of each partition's objects, as last flushed.
        case trees
        /// Which objects hold no value for good, and from when on.
        case removable
        /// What it has written down of itself.
        case state
    }

    /// The space; nil for all.
    package var space: Space?
    /// The partition; nil for all.
    package var partition: UInt16?
    /// The key, or the name of a state entry; nil for all.
    package var key: Bytes?

    /// Everything.
    package init() {}

    var filter: EntryFilter {
        var filter = EntryFilter()
        switch space {
        case .objects: filter.spaces = [.objects]
        case .hints: filter.spaces = [.hints]
        case .removable: filter.spaces = [.removable]
        case .trees: filter.spaces = [.trees]
        case .state: filter.spaces = [.state]
        case nil: break
        }
        filter.partition = partition
        filter.key = key
        return filter
    }
}

/// Reads entries one after the other.
package final class EntryReader {
    private let walk: EntryWalk
    private var toldCount = 0

    init(_ walk: EntryWalk) {
        self.walk = walk
    }

    /// The next entry; nil at the end.
    package func next() -> StoredEntry? {
        walk.next().map { StoredEntry($0.key, $0.value) }
    }

    /// What was passed over since the last call because it does not read back.
    package func takeDamage() -> [String] {
        defer { toldCount = walk.damage.count }
        return walk.damage[toldCount...].map(\.description)
    }
}
