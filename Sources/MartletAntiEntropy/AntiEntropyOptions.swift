// The pace of anti-entropy: how soon a difference is found, and what that costs.

/// How a node compares itself with others; the same on all nodes unless a difference is meant.
public struct AntiEntropyOptions: Hashable, Sendable {
    /// Within which time each partition is compared with each other home. Shorter finds differences
    /// and lets tombstones go sooner, for 15 bytes a partition and home each time. 100 ms to a day.
    public var period = Duration.seconds(60)
    /// How long after the first sight of a difference it is looked at again: what is merely under
    /// way has arrived by then.
    public var confirmation = Duration.seconds(1)
    /// How often a node tells the others what it binds itself to.
    public var promiseInterval = Duration.seconds(10)
    /// How far behind the node's clock that is: as far as the clocks of two nodes may differ, so
    /// that no hint is refused for being old. Tombstones stay at least as long.
    public var promiseLag = Duration.seconds(30)
    /// How long after its expiry an object stays, since clocks differ.
    public var expirySlack = Duration.seconds(60)
    /// Within which time every tree is made anew from what the storage holds, and compared. An hour
    /// and up; zero for never.
    public var verification = Duration.seconds(7 * 24 * 3_600)

    /// The defaults.
    public init() {}
}
