// The knobs of replication: defaults of every request, delays, and the limit of everything that
// could grow.
public import MartletWire

/// How a node replicates; the same on all nodes unless a difference is meant.
public struct ReplicationOptions: Hashable, Sendable {
    /// Replicas that must answer a read. More is fresher and slower.
    public var r = Quorum.majority
    /// Home replicas among them.
    public var pr = Quorum.count(0)
    /// Replicas that must have a write. More is safer and slower.
    public var w = Quorum.majority
    /// Home replicas among them.
    public var pw = Quorum.count(0)
    /// Replicas among them that must have synced it. 0 answers from memory: faster, and a write
    /// is lost when all that hold it lose power at once.
    public var dw = Quorum.majority
    /// How long a client waits, 1 ms to 60 s.
    public var timeout = Duration.seconds(2)
    /// The share of reads that ask every home replica and so repair what lags, 0 to 1.
    public var readAllChance = 0.05

    /// The least and the most that a replica is given before another is asked too. Between them
    /// the delay follows the replica's own recent answers. 1 ms to 10 s.
    public var hedgeDelay = Duration.milliseconds(25)...Duration.milliseconds(250)
    /// Hedges allowed for each request on average: what keeps them from making an overload worse.
    public var hedgeShare = 0.1

    /// Requests in flight at one coordinator before more are refused.
    public var requestLimit = 100_000
    /// Bytes of values that reads in flight may hold at one coordinator before more are refused.
    public var readByteLimit = 128 << 20
    /// Steps that may wait for their key to be read from disk, at one node, before more are
    /// refused. Each holds what it is to write.
    public var keyQueueLimit = 20_000
    /// The longest key, in bytes.
    public var keyLimitBytes = 64 << 10
    /// The largest value that a client may write, in bytes; at most `objectLimitBytes`.
    public var valueLimitBytes = 1 << 20
    /// Siblings that a client's write may leave.
    public var siblingLimit = 64
    /// Bytes of all siblings together that a client's write may leave. Writes that replicas took
    /// apart merge to more, so this is a fraction of what a frame and a log batch can hold.
    public var objectLimitBytes = 8 << 20
    /// Actors up to which a client's write may extend the context of a key by those that its own
    /// context names, 1 and up. A context that grew in the cluster itself may be larger.
    public var contextLimit = 4_096
    /// Bytes of an object above which a replica may answer with a summary.
    public var inlineLimitBytes = 4 << 10
    /// How far a wall clock may be from the middle of the cluster's, and a timestamp ahead of the
    /// clock, and still be believed.
    public var maximumClockSkew = Duration.seconds(60)
    /// Bytes of hints that a node keeps for others before it refuses to stand in.
    public var hintLimitBytes = 1 << 30
    /// Hints under way to one node at once, at the most; the window adapts below it.
    public var hintWindowLimit = 128
    /// How long a hint's acknowledgement may take before the window is halved: the sign that its
    /// home has other things to do.
    public var hintLatencyTarget = Duration.milliseconds(50)

    /// The defaults.
    public init() {}
}
