// What MARTLET.RING, STATUS and KEY say, as values: the node encodes them as JSON with sorted keys,
// the CLI decodes the same types. Ids and hashes are sixteen hexadecimal digits.

/// The ring and its members, as one node sees them.
package struct RingView: Codable, Hashable, Sendable {
    /// One member's part in the ring.
    package struct Member: Codable, Hashable, Sendable {
        /// Its identity.
        package var id: String
        /// Its name.
        package var name: String
        /// Its failure domain; may be empty.
        package var zone: String
        /// Its share relative to others'.
        package var weight: UInt32
        /// `alive`, `suspect`, `unreachable`, or `unknown` for a node that only the ring names.
        package var state: String
        /// Where nodes reach it; nil when unknown.
        package var peer: String?
        /// Where clients reach it; nil when unknown.
        package var client: String?
        /// Partitions that it is a home of.
        package var partitionsAsHome: Int
        /// Partitions that it is the first home of.
        package var partitionsAsPrimary: Int
        /// Its part of all homes, in percent.
        package var share: Double
        /// Whether the ring names it.
        package var inRing: Bool
    }

    /// The homes of one partition.
    package struct Homes: Codable, Hashable, Sendable {
        /// The partition's number.
        package var partition: Int
        /// Its first slot.
        package var firstSlot: Int
        /// Its last slot.
        package var lastSlot: Int
        /// The names of its homes, primary first.
        package var homes: [String]
        /// How long ago everything older was proven to be the same on all homes, in milliseconds;
        /// nil where nothing is, and where the node asked is no home.
        package var settledAge: UInt64?
    }

    /// The cluster's name.
    package var cluster: String
    /// The ring's epoch; 0 before the cluster is created.
    package var epoch: UInt64
    /// The cluster's identity; nil before it is created.
    package var clusterID: String?
    /// How many homes a partition should have; 0 before the cluster is created.
    package var n: Int
    /// How many partitions there are; 0 before the cluster is created.
    package var partitions: Int
    /// Everyone that the ring names or the node knows, by name.
    package var members: [Member]
    /// The ring's hash: equal on all nodes that have the same one. Nil before there is one.
    package var topologyDigest: String?
    /// What an operator should look at.
    package var warnings: [String]
    /// Every partition; nil unless asked for.
    package var homes: [Homes]?
    /// The watermarks of the node that was asked; nil before the cluster is created.
    package var settled: SettledView?
}

/// One node's condition.
package struct StatusView: Codable, Hashable, Sendable {
    /// Counts since the node started.
    package struct Counters: Codable, Hashable, Sendable {
        /// Requests of clients, and those that other nodes forwarded.
        package var requests: UInt64
        /// Answers that were errors.
        package var failures: UInt64
        /// Requests handed on to a home replica.
        package var forwards: UInt64
        /// Replicas asked because another was slow.
        package var hedges: UInt64
        /// Writes that a fallback was asked to hold.
        package var standIns: UInt64
        /// Hints made here.
        package var hintsKept: UInt64
        /// Hints that their homes have acknowledged.
        package var hintsDelivered: UInt64
        /// Replicas that a read found to be behind and repaired.
        package var repairs: UInt64
    }

    /// Hints that wait for their homes.
    package struct Hints: Codable, Hashable, Sendable {
        /// How many.
        package var count: Int
        /// Bytes that they take.
        package var bytes: Int
    }

    /// What is stored, how far the log is, and how the background fares.
    package struct Storage: Codable, Hashable, Sendable {
        /// Tables of one level.
        package struct Level: Codable, Hashable, Sendable {
            /// Its number.
            package var level: Int
            /// How many.
            package var tables: Int
            /// Bytes of their files.
            package var bytes: Int
        }

        /// Entries of every kind, about: one written again counts twice until it is merged.
        package var entries: Int
        /// Bytes of all memtables.
        package var memtableBytes: Int
        /// Levels that hold tables, from the top.
        package var levels: [Level]
        /// Blocks found in the cache since the start.
        package var cacheHits: UInt64
        /// Blocks not found there.
        package var cacheMisses: UInt64
        /// Bytes of the blocks in it.
        package var cacheBytes: Int
        /// Memtables written out since the start.
        package var flushes: UInt64
        /// Compactions since the start.
        package var compactions: UInt64
        /// Bytes written to tables for each byte accepted since the start.
        package var writeAmplification: Double
        /// Ranges of keys that were lost and not repaired since.
        package var damagedRanges: Int
        /// How far flushes and compactions are behind: 0 not at all, 1 where writes are refused.
        package var backlog: Double
        /// Batches accepted since the directory was made.
        package var appended: UInt64
        /// Batches that are durable.
        package var durable: UInt64
        /// Bytes that wait to become durable.
        package var pendingBytes: Int
        /// Bytes of the disk that are free; nil, like the next, where it does not say.
        package var freeBytes: UInt64?
        /// Bytes that are kept free of clients' values.
        package var reserveBytes: UInt64?
        /// Why writes, or clients' values alone, are refused; nil while they are not.
        package var refusal: String?
    }

    /// Another node, or this one, in short.
    package struct Member: Codable, Hashable, Sendable {
        /// Its identity.
        package var id: String
        /// Its name.
        package var name: String
        /// `alive`, `suspect` or `unreachable`.
        package var state: String
        /// Whether this node can send to it now.
        package var reachable: Bool
        /// Whether the ring names it.
        package var inRing: Bool
        /// By how many milliseconds its wall clock is ahead of the time that this node goes by,
        /// behind below 0; nil where it has not been read.
        package var clockAhead: Int64?
    }

    /// How the node's wall clock compares with the others'.
    package struct Clock: Codable, Hashable, Sendable {
        /// `agreed`, `odd`, `alone` (no other could be read) or `leapt` (just now, and alone).
        package var standing: String
        /// By how many milliseconds it is ahead of the time that the node goes by.
        package var ahead: Int64
        /// How many clocks of others it was compared with lately.
        package var comparedWith: Int
    }

    /// A fact about the process.
    package struct Fact: Codable, Hashable, Sendable {
        /// What it is.
        package var name: String
        /// What it comes to.
        package var value: String
    }

    /// The node's name.
    package var node: String
    /// Its identity.
    package var id: String
    /// The cluster's name.
    package var cluster: String
    /// Under which actor it writes: `node/incarnation`.
    package var actor: String
    /// The epoch of its ring; 0 when it has none.
    package var epoch: UInt64
    /// Whether it has a ring and can send to every node that the ring names.
    package var ready: Bool
    /// What replication has done.
    package var counters: Counters
    /// Hints kept for others.
    package var hints: Hints
    /// Requests coordinated here and not finished.
    package var operationsInFlight: Int
    /// Its wall clock.
    package var clock: Clock
    /// Its storage.
    package var storage: Storage
    /// What anti-entropy has done; nil before there is a ring.
    package var antiEntropy: RepairView?
    /// The watermarks of its home partitions; nil before there is a ring.
    package var settled: SettledView?
    /// Everyone it knows, by name.
    package var members: [Member]
    /// Facts about the process, in the node's order.
    package var process: [Fact]
}

/// Where a key lives.
package struct KeyView: Codable, Hashable, Sendable {
    /// A node that holds the key, or would.
    package struct Node: Codable, Hashable, Sendable {
        /// Its identity.
        package var id: String
        /// Its name.
        package var name: String
        /// Its failure domain; may be empty.
        package var zone: String
        /// Where clients reach it; nil when unknown.
        package var client: String?
        /// `alive`, `suspect`, `unreachable` or `unknown`.
        package var state: String
    }

    /// The key as text, with replacement characters where it is none.
    package var key: String
    /// Its slot.
    package var slot: Int
    /// Its partition.
    package var partition: Int
    /// Its home replicas, primary first.
    package var homes: [Node]
    /// Who stands in for them, in order.
    package var fallbacks: [Node]
}
