// What a read of the engine comes to: an answer at once where memory has it, else a ticket, and the
// answer later, once the shell has brought the blocks. Nothing here waits.
package import MartletBase

/// What a read found.
package enum ReadOutcome: Hashable, Sendable {
    /// The value, durable or not yet.
    case found(Bytes)
    /// There is no such entry.
    case absent
    /// A block that may hold it is in no cache: `StorageEngine.load` brings it.
    case notLoaded
    /// The block that may hold it does not read back: it is damaged and being put aside, or the
    /// disk refuses it for now.
    case damaged
}

/// Names a read that waits for blocks; never given twice.
package struct ReadTicket: Hashable, Comparable, Sendable {
    /// The number of the read.
    package var rawValue: UInt64

    /// By number.
    package static func < (left: ReadTicket, right: ReadTicket) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What `StorageEngine.load` comes to.
package enum LoadOutcome: Hashable, Sendable {
    /// `get` answers for all of the keys within this turn.
    case ready
    /// The read under this ticket completes later; `get` then answers for the keys until the
    /// ticket is released.
    case pending(ReadTicket)
    /// `StorageOptions.readLimit` reads wait already.
    case refused
}

/// What `StorageEngine.scan` comes to.
package enum ScanOutcome: Hashable, Sendable {
    /// The page.
    case page(ScanPage)
    /// The page comes with the completed read of this ticket, which needs no release.
    case pending(ReadTicket)
    /// `StorageOptions.readLimit` reads wait already.
    case refused
}

/// A read that was pending and now is not.
package struct CompletedRead: Hashable, Sendable {
    /// What a read has brought.
    package enum Result: Hashable, Sendable {
        /// The keys of a load; some may be damaged, as `get` says.
        case loaded
        /// The page of a scan.
        case page(ScanPage)
        /// A scan met a block that does not read back.
        case damaged
    }

    /// Which read.
    package var ticket: ReadTicket
    /// What came of it.
    package var result: Result
}

/// A run of entries in key order.
package struct ScanPage: Hashable, Sendable {
    /// One key and its value.
    package struct Entry: Hashable, Sendable {
        /// The key.
        package let key: StorageKey
        /// Its value.
        package let value: Bytes
    }

    /// The entries, ascending.
    package internal(set) var entries: [Entry] = []
    /// Where the next page goes on; nil when this one ends the range.
    package internal(set) var next: StorageKey?

    /// No entries, and no more to come.
    package init() {}
}

/// A range of keys of which this node has lost what one table held: the table's other blocks were
/// kept, and what older tables hold of the range stands again.
package struct DamagedRange: Hashable, Sendable {
    /// The file, kept aside.
    package var file: String
    /// The ranks between which records are lost.
    package var ranks: ClosedRange<Rank>
    /// What was wrong with it, for people.
    package var reason: String
}
