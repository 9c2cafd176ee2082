// What the store answers: values with the causality and the evidence behind them.

/// What a key's holder had seen, to be handed in with the write that replaces it. Opaque.
public struct Context: Hashable, Sendable, CustomStringConvertible {
    /// The context as text: safe in URLs and shells.
    public let description: String

    /// The context that a program kept as text; the node checks it.
    public init(_ text: String) {
        description = text
    }
}

/// One of the concurrent versions of a key.
public struct Sibling: Hashable, Sendable {
    /// The value; nil where the key was deleted or the value has expired.
    public var value: [UInt8]?
    /// Whether this version says that the key was deleted.
    public var isDeletion: Bool
    /// The name of the write, unique for ever: `node/incarnation:counter`.
    public var dot: String
    /// When it was written by its coordinator's clock, in milliseconds since 1970.
    public var writtenAtMilliseconds: Int64
    /// When it expires, in milliseconds since 1970; nil for never.
    public var expiresAtMilliseconds: Int64?

    /// A version of these parts.
    public init(
        value: [UInt8]?, isDeletion: Bool, dot: String, writtenAtMilliseconds: Int64,
        expiresAtMilliseconds: Int64?
    ) {
        self.value = value
        self.isDeletion = isDeletion
        self.dot = dot
        self.writtenAtMilliseconds = writtenAtMilliseconds
        self.expiresAtMilliseconds = expiresAtMilliseconds
    }
}

/// One replica's part in an answer.
public struct Witness: Hashable, Sendable {
    /// The replica's name.
    public var node: String
    /// The home replica that it stood in for; nil when it is a home itself.
    public var standsInFor: String?
    /// What it did: `agreed`, `differed`, `stored`, `synced`, `refused`, or `pending` where the
    /// request was answered without waiting for it.
    public var act: String

    /// `node` did `act`, for itself or in place of another.
    public init(node: String, standsInFor: String? = nil, act: String) {
        self.node = node
        self.standsInFor = standsInFor
        self.act = act
    }
}

/// Who stands behind an answer.
public struct Evidence: Hashable, Sendable {
    /// The node that ran the request.
    public var coordinator: String
    /// Every replica that was asked, in the order of asking.
    public var witnesses: [Witness]

    /// The witnesses of a request run by `coordinator`.
    public init(coordinator: String, witnesses: [Witness]) {
        self.coordinator = coordinator
        self.witnesses = witnesses
    }
}

/// The answer to a read.
public struct GetResult: Hashable, Sendable {
    /// Every concurrent version; empty when the key was never written.
    public var siblings: [Sibling]
    /// Hand it in with the next write to replace all of `siblings`.
    public var context: Context
    /// Who answered.
    public var evidence: Evidence

    /// An answer of these parts.
    public init(siblings: [Sibling], context: Context, evidence: Evidence) {
        self.siblings = siblings
        self.context = context
        self.evidence = evidence
    }

    /// The version to show where only one can be: the latest by its writers' clocks. O(siblings).
    public var shown: Sibling? {
        siblings.max { ($0.writtenAtMilliseconds, $0.dot) < ($1.writtenAtMilliseconds, $1.dot) }
    }

    /// The value of `shown`; nil where there is none, or it is a deletion or has expired.
    public var value: [UInt8]? { shown?.value }
}

/// The answer to a write.
public struct PutResult: Hashable, Sendable {
    /// The name of this write, unique for ever.
    public var dot: String
    /// Hand it in with the next write to replace this one. Nil when the write left siblings beside
    /// it: read them first.
    public var context: Context?
    /// Versions after the write, this one included.
    public var siblingCount: Int
    /// Who has the write.
    public var evidence: Evidence

    /// An answer of these parts.
    public init(dot: String, context: Context?, siblingCount: Int, evidence: Evidence) {
        self.dot = dot
        self.context = context
        self.siblingCount = siblingCount
        self.evidence = evidence
    }
}
