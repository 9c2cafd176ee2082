// What a read of the engine comes to: an answer at once where memory has it, else a ticket, and the
// answer later, once the shell has brought the blocks. Nothing here waits.
public import MartletBase

/// What a read found.
public enum ReadOutcome: Hashable, Sendable {
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

/// Who reads, and is told when that is complete.
public enum ReadOwner: Hashable, Sendable {
    /// Replication: what requests and messages are about, and the hints that it delivers.
    case replication
    /// Anti-entropy: the leaf that a comparison has come to.
    case leaves
    /// Anti-entropy: what may be removed.
    case sweep
    /// Anti-entropy: the partition whose tree is made anew.
    case trees
    /// Hand-over: what another node is to be sent.
    case handover
    /// A look at what is held of a key.
    case inspection
}

/// Names a read that waits for blocks; never given twice.
public struct ReadTicket: Hashable, Comparable, Sendable {
    /// The number of the read.
    public var rawValue: UInt64
    /// Who asked for it.
    public var owner: ReadOwner

    /// By number.
    public static func < (left: ReadTicket, right: ReadTicket) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// What `StorageEngine.load` comes to.
public enum LoadOutcome: Hashable, Sendable {
    /// `get` answers for all of the keys within this turn.
    case ready
    /// The read under this ticket completes later; `get` then answers for the keys until the
    /// ticket is released.
    case pending(ReadTicket)
    /// `StorageOptions.readLimit` reads wait already.
    case refused
}

/// What `StorageEngine.scan` comes to.
public enum ScanOutcome: Hashable, Sendable {
    /// The page.
    case page(ScanPage)
    /// The page comes with the completed read of this ticket, which needs no release.
    case pending(ReadTicket)
    /// `StorageOptions.readLimit` reads wait already.
    case refused
}

/// A read that was pending and now is not.
public struct CompletedRead: Hashable, Sendable {
    /// What a read has brought.
    public enum Result: Hashable, Sendable {
        /// The keys of a load; some may be damaged, as `get` says.
        case loaded
        /// The page of a scan.
        case page(ScanPage)
        /// A scan met a block that does not read back.
        case damaged
    }

    /// Which read.
    public var ticket: ReadTicket
    /// What came of it.
    public var result: Result
}

/// A run of entries in key order.
public struct ScanPage: Hashable, Sendable {
    /// One key and its value.
    public struct Entry: Hashable, Sendable {
        /// The key.
        public let key: StorageKey
        /// Its value.
        public let value: Bytes
    }

    /// The entries, ascending.
    public internal(set) var entries: [Entry] = []
    /// Where the next page goes on; nil when this one ends the range.
    public internal(set) var next: StorageKey?

    /// No entries, and no more to come.
    public init() {}
}

/// A range of keys of which this node has lost what one table held: the table's other blocks were
/// kept, and what older tables hold of the range stands again.
public struct DamagedRange: Hashable, Sendable {
    /// The file, kept aside.
    public var file: String
    /// The ranks between which records are lost.
    public var ranks: ClosedRange<Rank>
    /// What was wrong with it, for people.
    public var reason: String
}
