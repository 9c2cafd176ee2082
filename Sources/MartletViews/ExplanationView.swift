// What MARTLET.EXPLAIN says: what one node knows of a key. Times are milliseconds since 1970 where
// they are called so, ages are milliseconds before the answer.
package import MartletBase
package import MartletNode

internal import MartletAntiEntropy
internal import MartletReplication
internal import MartletVersions

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

// MARK: From a core

extension ExplanationView {
    /// What the node that `core` is holds of a key and knows of its partition.
    package init(_ holdings: KeyHoldings, core: NodeCore, at now: Moment) {
        let names = NodeNames(core)
        node = core.identity.name
        at = now.wall.milliseconds
        isHome = holdings.condition != nil
        object = Object(holdings.object, at: now.wall)
        hints = holdings.hints.map { hint in
            Hint(
                home: names.name(of: hint.home),
                object: hint.object.flatMap { Object($0, at: now.wall) })
        }
        isDamaged = holdings.isDamaged
        settling = holdings.condition.map { Settling($0, names: names, at: now) }
        keptBy =
            isHome && !holdings.object.isEmpty
            ? holdings.obstacles.map(Self.text) : nil
    }

    private static func text(_ obstacle: RemovalObstacle) -> String {
        switch obstacle {
        case .value: "it holds a value"
        case .expiry(let until):
            "a value in it expires and is kept until \(TimeText.utc(until.milliseconds))"
        case .unsettled(let horizon):
            "a version of \(TimeText.utc(horizon.wall.milliseconds)) that it covers is later than "
                + "the watermark"
        case .doubted: "the node has lost data and is not yet found equal to all other homes"
        }
    }
}

extension ExplanationView.Object {
    /// Nil for the empty object.
    fileprivate init?(_ object: Object, at wall: WallTime) {
        if object.isEmpty { return nil }
        context = object.context.entries.map {
            ExplanationView.Seen(actor: $0.actor.description, counter: $0.counter)
        }
        horizon = object.horizon.wall.milliseconds
        siblings = object.siblings.map { ExplanationView.Sibling($0, at: wall) }
    }
}

extension ExplanationView.Sibling {
    fileprivate init(_ sibling: Sibling, at wall: WallTime) {
        dot = sibling.dot.description
        writtenAt = sibling.timestamp.wall.milliseconds
        expiresAt = sibling.expiry?.milliseconds
        switch sibling.content {
        case .value(let value):
            content = sibling.value(at: wall) == nil ? "expired" : "value"
            bytes = value.count
        case .tombstone: content = "tombstone"
        }
    }
}

extension ExplanationView.Settling {
    fileprivate init(_ condition: PartitionCondition, names: NodeNames, at now: Moment) {
        let proven = condition.watermark.wall.milliseconds
        watermark = proven > 0 ? proven : nil
        isDoubted = condition.isDoubted
        provable = condition.provable.map { $0.wall.milliseconds }
        heldBackBy = condition.obstacles.map { Self.text($0, names) }
        comparedAgo = condition.comparedAt.map { now.instant.since($0).milliseconds }
        equalAgo = condition.equalAt.map { now.instant.since($0).milliseconds }
        tree = condition.tree.map {
            ExplanationView.Tree(
                root: NodeID(rawValue: $0.root).description, count: $0.count, depth: $0.depth)
        }
    }

    private static func text(
        _ obstacle: PartitionCondition.Obstacle, _ names: NodeNames
    ) -> String {
        switch obstacle {
        case .silent(let node): "\(names.name(of: node)) has promised nothing yet"
        case .hinting(let node): "\(names.name(of: node)) keeps hints in the partition"
        case .unreachable(let node): "\(names.name(of: node)), a home, cannot be reached"
        case .treeUnknown: "the Merkle tree is being made anew"
        case .uncompared: "not compared with another home since the node started"
        case .differing: "not the same as another home when last compared"
        case .followed(let node):
            "what differs from \(names.name(of: node)) is being looked at again"
        }
    }
}
