// The pace of hand-over: how soon a partition is where it is to be, and what that costs others.

/// How a shard fills partitions, and gets rid of them.
public struct HandoverOptions: Hashable, Sendable {
    /// Partitions that are filled at a time, and as many that are taken from nodes that are to be
    /// rid of them. More hide the way to distant sources, and hold more memory: a chunk each.
    /// 1 to 64.
    public var partitionsAtOnce = 4
    /// Bytes of chunks asked for in a second, at most; 0 for no limit. It is a shard's own: a node
    /// of several divides. Less leaves the disks and the network to clients, for longer moves.
    public var bytesPerSecond = 64 << 20
    /// Bytes of objects in a chunk, about. Larger ones cost fewer round trips, and hold up what
    /// else goes over the link for longer. 4 KiB to 4 MiB.
    public var chunkBytes = 256 << 10
    /// Bytes after which the state of a fill is written down: what a restart does again at most,
    /// but for what one chunk holds.
    public var checkpointBytes = 4 << 20
    /// How long an answer may take before another source is asked.
    public var patience = Duration.seconds(5)
    /// How long a source that refused, or was silent, is left alone at first; twice as long each
    /// time, up to `pauseLimit`.
    public var pause = Duration.milliseconds(100)
    /// See `pause`.
    public var pauseLimit = Duration.seconds(5)
    /// How often what is left over is offered to homes that have not taken it, and it is looked for
    /// anew.
    public var offerInterval = Duration.seconds(5)

    /// The defaults.
    public init() {}
}
