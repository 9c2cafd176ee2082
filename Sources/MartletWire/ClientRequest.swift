// What a client asks of the store, and what it is answered: the same values at the node that the
// client reached and at the one that coordinates for it.
package import MartletBase
package import MartletVersions

/// How many replicas must have answered.
package enum Quorum: Hashable, Sendable {
    /// Exactly so many.
    case count(Int)
    /// More than half of the home replicas.
    case majority
    /// Every home replica.
    case all

    /// The number among `homeCount` home replicas.
    package func resolved(among homeCount: Int) -> Int {
        switch self {
        case .count(let count): count
        case .majority: homeCount / 2 + 1
        case .all: homeCount
        }
    }
}

/// The knobs of one read; nil takes the configured default.
package struct ReadOptions: Hashable, Sendable {
    /// How many home replicas take part.
    package var n: Int?
    /// How many replicas must answer.
    package var r: Quorum?
    /// How many of them must be home replicas.
    package var pr: Quorum?
    /// After how long the client wants an error instead.
    package var timeout: Duration?

    /// Every knob at its default.
    package init() {}
}

/// The knobs of one write; nil takes the configured default.
package struct WriteOptions: Hashable, Sendable {
    /// How many home replicas take part.
    package var n: Int?
    /// How many replicas must have the write.
    package var w: Quorum?
    /// How many of them must be home replicas.
    package var pw: Quorum?
    /// How many of them must have it synced to disk.
    package var dw: Quorum?
    /// After how long the client wants an error instead.
    package var timeout: Duration?

    /// Every knob at its default.
    package init() {}
}

/// What a write replaces.
package enum Causality: Hashable, Sendable {
    /// Whatever the coordinator knows of the key: what plain Redis commands mean.
    case coordinator
    /// What the client had seen; everything else stays beside the new version.
    case seen(Context)
}

/// One write: a value, or a delete.
package struct Mutation: Hashable, Sendable {
    /// The new content.
    package var content: Sibling.Content
    /// When the version expires; nil for never.
    package var expiry: WallTime?
    /// What it replaces.
    package var causality: Causality

    /// A write of `content` that replaces what `causality` says.
    package init(content: Sibling.Content, expiry: WallTime? = nil, causality: Causality) {
        self.content = content
        self.expiry = expiry
        self.causality = causality
    }
}

/// What a client asks for, about one key.
package enum ClientOperation: Hashable, Sendable {
    /// Read the key.
    case get(ReadOptions)
    /// Write or delete the key.
    case put(Mutation, WriteOptions)
}

/// One request of a client.
package struct ClientRequest: Hashable, Sendable {
    /// The key.
    package var key: Bytes
    /// What is asked.
    package var operation: ClientOperation

    /// The request `operation` on `key`.
    package init(key: Bytes, operation: ClientOperation) {
        self.key = key
        self.operation = operation
    }
}
