// What a client asks of the store, and what it is answered: the same values at the node that the
// client reached and at the one that coordinates for it.
public import MartletBase
public import MartletVersions

/// How many replicas must have answered.
public enum Quorum: Hashable, Sendable {
    /// Exactly so many.
    case count(Int)
    /// More than half of the home replicas.
    case majority
    /// Every home replica.
    case all

    /// The number among `homeCount` home replicas.
    public func resolved(among homeCount: Int) -> Int {
        switch self {
        case .count(let count): count
        case .majority: homeCount / 2 + 1
        case .all: homeCount
        }
    }
}

/// The knobs of one read; nil takes the configured default.
public struct ReadOptions: Hashable, Sendable {
    /// How many home replicas take part.
    public var n: Int?
    /// How many replicas must answer.
    public var r: Quorum?
    /// How many of them must be home replicas.
    public var pr: Quorum?
    /// After how long the client wants an error instead.
    public var timeout: Duration?
    /// Whether the answer is to carry its evidence. Known only where the client asks: a node to
    /// which the request is handed on always tells.
    public var wantsEvidence = true

    /// Every knob at its default.
    public init() {}

    /// Every knob at its default, and no evidence.
    public static let plain = {
        var options = ReadOptions()
        options.wantsEvidence = false
        return options
    }()
}

/// The knobs of one write; nil takes the configured default.
public struct WriteOptions: Hashable, Sendable {
    /// How many home replicas take part.
    public var n: Int?
    /// How many replicas must have the write.
    public var w: Quorum?
    /// How many of them must be home replicas.
    public var pw: Quorum?
    /// How many of them must have it synced to disk.
    public var dw: Quorum?
    /// After how long the client wants an error instead.
    public var timeout: Duration?
    /// Whether the answer is to carry its evidence, and the context to write with next. Known only
    /// where the client asks: a node to which the request is handed on always tells.
    public var wantsEvidence = true

    /// Every knob at its default.
    public init() {}

    /// Every knob at its default, and no evidence.
    public static let plain = {
        var options = WriteOptions()
        options.wantsEvidence = false
        return options
    }()
}

/// What a write replaces.
public enum Causality: Hashable, Sendable {
    /// Whatever the coordinator knows of the key: what plain Redis commands mean.
    case coordinator
    /// What the client had seen; everything else stays beside the new version.
    case seen(Context)
}

/// One write: a value, or a delete.
public struct Mutation: Hashable, Sendable {
    /// The new content.
    public var content: Sibling.Content
    /// When the version expires; nil for never.
    public var expiry: WallTime?
    /// What it replaces.
    public var causality: Causality

    /// A write of `content` that replaces what `causality` says.
    public init(content: Sibling.Content, expiry: WallTime? = nil, causality: Causality) {
        self.content = content
        self.expiry = expiry
        self.causality = causality
    }
}

/// What a client asks for, about one key.
public enum ClientOperation: Hashable, Sendable {
    /// Read the key.
    case get(ReadOptions)
    /// Write or delete the key.
    case put(Mutation, WriteOptions)
}

/// One request of a client.
public struct ClientRequest: Hashable, Sendable {
    /// The key.
    public var key: Bytes
    /// What is asked.
    public var operation: ClientOperation

    /// The request `operation` on `key`.
    public init(key: Bytes, operation: ClientOperation) {
        self.key = key
        self.operation = operation
    }
}
