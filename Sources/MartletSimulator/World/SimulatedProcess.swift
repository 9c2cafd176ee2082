// What all shards of a node share: who it is, its clocks, and whether its process runs.
internal import DequeModule
internal import MartletBase
internal import MartletNode
internal import MartletRing

/// The process of one node of the simulated cluster.
final class SimulatedProcess {
    /// The node's number.
    let index: Int
    var configuration: NodeConfiguration
    var clock: WallClock
    /// How old it is at its first start.
    let age: Age
    /// Known from its first start on.
    var id: NodeID?
    /// The last crash; `start` when there was none.
    var crashedAt = Instant.start
    /// When it last lost its disk; nil when it never did.
    var lostDiskAt: Instant?
    /// The last start.
    var startedAt = Instant.start
    /// Requests that are looked at again when they must have been answered, in their order; the
    /// first of them has its event.
    var unanswered: Deque<Int> = []
    /// What keeps it from running; nil while it may.
    var pause: Pause?
    /// When it was last let go on; `start` when it was never held.
    var resumedAt = Instant.start

    /// The numbers of its shards among all, in their order.
    let shards: [Int]

    init(
        index: Int, shards: [Int], configuration: NodeConfiguration, clock: WallClock,
        age: Age = .new
    ) {
        self.index = index
        self.shards = shards
        self.configuration = configuration
        self.clock = clock
        self.age = age
    }

    /// The number of its shard that serves a partition.
    func shard(serving partition: Partition, of partitionCount: PartitionCount) -> Int {
        shards[Shard.index(of: partition, of: partitionCount, among: shards.count)]
    }

    /// The numbers of those of its shards that serve partitions of `shard`, which is another
    /// node's.
    func counterparts(of shard: Shard) -> ArraySlice<Int> {
        shards[shard.counterparts(among: shards.count)]
    }

    /// 2030-01-01, when every simulation begins.
    static let epochMilliseconds: UInt64 = 1_893_456_000_000

    /// What its clocks show. Its monotonic clock counts from a start of its own, so that an instant
    /// of another node would not pass for one of this.
    func moment(_ now: Instant) -> Moment {
        Moment(
            instant: Instant(nanoseconds: now.nanoseconds + clockOffset),
            wall: WallTime(
                milliseconds: UInt64(Int64(Self.epochMilliseconds) + clock.milliseconds(at: now))))
    }

    /// Nanoseconds that its monotonic clock is ahead of the world's.
    private var clockOffset: UInt64 { UInt64(index + 1) * 1_000_000_000_000 }

    /// The world's time of an instant of its own.
    func worldTime(of instant: Instant) -> Instant {
        if instant == .never { return .never }
        return Instant(nanoseconds: instant.nanoseconds - min(clockOffset, instant.nanoseconds))
    }
}
