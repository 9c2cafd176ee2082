// What MARTLET.REPAIR and EXPLAIN say, and what RING and STATUS say of watermarks, as values. Times
// are milliseconds since 1970 where they are called so, ages are milliseconds before the answer.

/// How far the watermarks of one node's home partitions lie back: how long ago everything older was
/// proven to be the same on all homes.
package struct SettledView: Codable, Hashable, Sendable {
    /// Partitions that the node is a home of.
    package var partitions: Int
    /// Those of which nothing is proven yet; the ages leave them out.
    package var unproven: Int
    /// Those in which the node has lost data and is not yet found equal to all other homes.
    package var doubted: Int
    /// The age of the latest watermark; nil while nothing is proven.
    package var leastAge: UInt64?
    /// The age in the middle.
    package var medianAge: UInt64?
    /// The age of the earliest.
    package var mostAge: UInt64?

    /// The watermarks of `partitions`, of none of which an age is known yet.
    package init(partitions: Int, unproven: Int, doubted: Int) {
        self.partitions = partitions
        self.unproven = unproven
        self.doubted = doubted
    }
}

/// What anti-entropy has done at one node since it started, and what it is busy with.
package struct RepairView: Codable, Hashable, Sendable {
    /// The node's name.
    package var node: String
    /// Partitions that this command has it compare; 0 where it merely asked.
    package var begun: Int
    /// Partitions that wait to be compared on demand.
    package var waiting: Int
    /// Comparisons and differences being followed, on demand or by schedule.
    package var underWay: Int
    /// Objects on their way to other homes.
    package var pushing: Int
    /// Homes that cannot be reached and so are not compared with, by name.
    package var away: [String]
    /// Roots compared with another home's.
    package var comparisons: UInt64
    /// Those that were not the same.
    package var differences: UInt64
    /// Leaves read since they differed twice.
    package var leavesRead: UInt64
    /// Objects that other homes were found to lack.
    package var objectsFound: UInt64
    /// Objects sent to them.
    package var pushes: UInt64
    /// Deleted and expired objects removed, settled everywhere.
    package var removals: UInt64
    /// Bytes of comparisons sent, without the objects.
    package var bytesSent: UInt64
    /// Times that a partition was proven settled up to a later time.
    package var advances: UInt64
    /// Merkle trees made from a scan.
    package var treesBuilt: UInt64
    /// Merkle trees that were not what a scan showed.
    package var treesMended: UInt64
    /// Bytes of the Merkle trees in memory.
    package var treeBytes: Int
}

/// What one node knows of a key.
package struct ExplanationView: Codable, Hashable, Sendable {
    /// One version.
    package struct Sibling: Codable, Hashable, Sendable {
        /// Its name: `node/incarnation:counter`.
        package var dot: String
        /// When it was written, in milliseconds.
        package var writtenAt: UInt64
        /// `value`, `expired` or `tombstone`.
        package var content: String
        /// Bytes of the value; nil for a tombstone.
        package var bytes: Int?
        /// From when on it counts as absent, in milliseconds; nil for never.
        package var expiresAt: UInt64?
    }

    /// One actor's share of a context.
    package struct Seen: Codable, Hashable, Sendable {
        /// `node/incarnation`.
        package var actor: String
        /// All of its dots up to this one are covered.
        package var counter: UInt64
    }

    /// What is held of the key.
    package struct Object: Codable, Hashable, Sendable {
        /// What its holder has seen.
        package var context: [Seen]
        /// The time of the latest version that it has seen, in milliseconds.
        package var horizon: UInt64
        /// The surviving versions, by dot.
        package var siblings: [Sibling]
    }

    /// What is kept for a home.
    package struct Hint: Codable, Hashable, Sendable {
        /// The home's name.
        package var home: String
        /// What is kept in its place; nil where that is the object beside the hint.
        package var object: Object?
    }

    /// A Merkle tree in short.
    package struct Tree: Codable, Hashable, Sendable {
        /// Sixteen hexadecimal digits, equal where replicas are.
        package var root: String
        /// Objects that it covers.
        package var count: Int
        /// It has 2^depth leaves.
        package var depth: Int
    }

    /// How the key's partition stands at a home.
    package struct Settling: Codable, Hashable, Sendable {
        /// Up to when everything is proven to be the same on all homes, in milliseconds; nil while
        /// nothing is.
        package var watermark: UInt64?
        /// Whether the node has lost data, and does not judge by the watermark.
        package var isDoubted: Bool
        /// Up to when all nodes have promised to bring nothing more, in milliseconds; nil where one
        /// stands in the way.
        package var provable: UInt64?
        /// What stands in the way of a later watermark.
        package var heldBackBy: [String]
        /// How long ago it was compared with another home; nil if not since the node started.
        package var comparedAgo: UInt64?
        /// How long ago it was found equal to one.
        package var equalAgo: UInt64?
        /// Its tree; nil while that is unknown.
        package var tree: Tree?
    }

    /// The node's name.
    package var node: String
    /// When it answered, in milliseconds.
    package var at: UInt64
    /// Whether it is a home of the key.
    package var isHome: Bool
    /// What it holds as a home; nil when nothing.
    package var object: Object?
    /// What it keeps for other homes.
    package var hints: [Hint]
    /// Whether something that it holds does not read back.
    package var isDamaged: Bool
    /// How the partition stands; nil where it is no home.
    package var settling: Settling?
    /// What keeps the object from being removed; empty where it goes next, nil where there is none.
    package var keptBy: [String]?
}
