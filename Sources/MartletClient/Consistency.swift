// What a request demands of the replicas. Every knob left nil takes the node's configured default.
internal import MartletBase

/// How many replicas must have answered.
public enum Quorum: Hashable, Sendable, CustomStringConvertible {
    /// More than half of the key's home replicas.
    case majority
    /// Every home replica.
    case all
    /// Exactly so many.
    case count(Int)

    /// A single replica.
    public static let one = Quorum.count(1)

    /// `quorum`, `all` or the number.
    public var description: String {
        switch self {
        case .majority: "quorum"
        case .all: "all"
        case .count(let count): "\(count)"
        }
    }

    /// Reads `one`, `quorum`, `all` or a number from 0, in any case; nil for anything else.
    public init?(_ description: String) {
        switch description.lowercased() {
        case "one": self = .one
        case "quorum": self = .majority
        case "all": self = .all
        default:
            guard let count = Int(description), count >= 0 else { return nil }
            self = .count(count)
        }
    }
}

/// What one read demands.
public struct ReadConsistency: Hashable, Sendable {
    /// N: how many home replicas take part.
    public var n: Int?
    /// R: how many replicas must answer. With r + w > n, and pr and pw so too, a read sees every
    /// acknowledged write.
    public var r: Quorum?
    /// PR: how many of them must be home replicas.
    public var pr: Quorum?
    /// After how long the node gives up, at most 60 s.
    public var timeout: Duration?

    /// The demands named; the node's defaults for the rest.
    public init(n: Int? = nil, r: Quorum? = nil, pr: Quorum? = nil, timeout: Duration? = nil) {
        self.n = n
        self.r = r
        self.pr = pr
        self.timeout = timeout
    }

    var words: [Bytes] {
        knob("N", n) + knob("R", r) + knob("PR", pr) + knob("TIMEOUT", timeout?.wholeMilliseconds)
    }
}

/// What one write demands.
public struct WriteConsistency: Hashable, Sendable {
    /// N: how many home replicas take part.
    public var n: Int?
    /// W: how many replicas must have the write.
    public var w: Quorum?
    /// PW: how many of them must be home replicas.
    public var pw: Quorum?
    /// DW: how many of them must have synced it to disk.
    public var dw: Quorum?
    /// After how long the node gives up, at most 60 s.
    public var timeout: Duration?

    /// The demands named; the node's defaults for the rest.
    public init(
        n: Int? = nil, w: Quorum? = nil, pw: Quorum? = nil, dw: Quorum? = nil,
        timeout: Duration? = nil
    ) {
        self.n = n
        self.w = w
        self.pw = pw
        self.dw = dw
        self.timeout = timeout
    }

    var words: [Bytes] {
        knob("N", n) + knob("W", w) + knob("PW", pw) + knob("DW", dw)
            + knob("TIMEOUT", timeout?.wholeMilliseconds)
    }
}

extension Duration {
    /// Milliseconds, at least one where there is anything.
    fileprivate var wholeMilliseconds: UInt64 { max(1, milliseconds) }
}

private func knob(_ name: String, _ value: (some CustomStringConvertible)?) -> [Bytes] {
    value.map { [Bytes(text: name), Bytes(text: $0.description)] } ?? []
}
