// Work is bounded: what one request may cost, and what a cluster does that nobody asks anything. A
// forward that circles, a repair that never ends, a flush that calls for the next one: each shows
// as work that nothing has asked for, long before anything is wrong in what is stored.
//
// The bounds are sums of what each part of a node does at its pace, at the most; where the pace has
// jitter, at its quickest. What a part does once a period is counted twice, for a period that was
// under way already and one that is not over.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletMembership
internal import MartletReplication
internal import MartletRing

/// What nodes have done since the count began.
struct WorkMeter {
    /// Writes sent to replicas, and questions of reads.
    var puts = 0
    var gets = 0
    var messages = 0
    var datagrams = 0
    var bytes = 0
    var wakeups = 0
    /// Chunks of the log.
    var chunks = 0
}

/// Checks what the requests of a run have cost.
struct RequestWorkCheck {
    let work: WorkMeter
    /// Requests that were made, and versions that came of the writes among them.
    let reads: Int
    let versions: Int
    let nodeCount: Int

    /// A coordinator sends a version to each other node once, and asks each once for a read and
    /// once more for values that were left out. What it cannot name it does not send.
    func run() -> Finding? {
        let others = nodeCount - 1
        let findings = [
            finding(work.puts, "writes to replicas", versions * others),
            finding(work.gets, "questions to replicas", reads * others * 2),
        ]
        return findings.lazy.compactMap { $0 }.first
    }

    private func finding(_ count: Int, _ what: String, _ limit: Int) -> Finding? {
        if count <= limit { return nil }
        return Finding(
            .boundedWork, "\(count) \(what) were sent for \(versions) versions and \(reads) reads")
    }

    /// How often one write may be handed on: to each home in turn, which may find it late twice.
    static func forwardLimit(homes: Int) -> Int { homes * 3 }
}

/// Checks what a settled cluster has done while nobody asked anything.
struct IdleWorkCheck {
    let work: WorkMeter
    let lasting: Duration
    let nodes: Int
    /// Shards of each node: each promises, compares and rests on its own.
    let shards: [Int]
    /// Home replicas of a partition, partitions, keys that there are.
    let homes: Int
    let partitions: Int
    let keys: Int
    let antiEntropy: AntiEntropyOptions
    let membership: MembershipOptions

    func run() -> Finding? {
        let findings = [
            finding(work.messages, "messages", messages),
            finding(work.bytes, "bytes of messages", messages * Self.messageBytes),
            finding(work.datagrams, "datagrams", datagrams),
            finding(work.chunks, "chunks of logs", chunks),
            finding(work.wakeups, "wakeups", wakeups),
        ]
        return findings.lazy.compactMap { $0 }.first
    }

    private func finding(_ count: Int, _ what: String, _ limit: Int) -> Finding? {
        if count <= limit { return nil }
        return Finding(
            .boundedWork,
            "\(nodes) nodes that were asked nothing for \(lasting) came to \(count) \(what), more "
                + "than \(limit)")
    }

    /// More than the messages of upkeep have on average: roots of 64 partitions take a kilobyte.
    private static let messageBytes = 2_048

    /// How often something is done that is done once in `period`, or a quarter sooner.
    private func times(_ period: Duration) -> Int {
        Int(lasting.nanoseconds / max(1, period.nanoseconds * 3 / 4)) + 2
    }

    /// Promises of one shard.
    private var promises: Int { times(antiEntropy.promiseInterval) }

    /// Batches of comparisons of one shard, of so many partitions each, all of its own in a period.
    private var batches: Int {
        let limit = AntiEntropy.batchLimit
        let fewest = max(1, shards.min() ?? 1)
        let served = (partitions + fewest - 1) / fewest
        return times(antiEntropy.period / max(1, (served + limit - 1) / limit))
    }

    /// Shards of all nodes.
    private var shardCount: Int { shards.reduce(0, +) }

    /// Links between shards, each counted from either end.
    private var links: Int {
        var count = 0
        for (one, own) in shards.enumerated() {
            for (other, theirs) in shards.enumerated() where other != one {
                for index in 0..<own {
                    count += Shard(index: index, of: own).counterparts(among: theirs).count
                }
            }
        }
        return count
    }

    /// What is left to be removed everywhere goes at each home at its own time. Until the others
    /// follow a key's leaf differs, which may be looked into on the way down a tree, sent, and told
    /// to be gone, by each pair of homes and in each period.
    private var removals: Int { keys * homes * homes }

    /// Promises go to everybody. Roots go to each other home, and may be answered, countered by
    /// newer watermarks, and followed by word of what is settled. Members tell each other all they
    /// know now and then.
    private var messages: Int {
        let descent = 8
        return links * (promises + batches * 6)
            + nodes * (nodes - 1) * 2 * times(membership.pushPullInterval) + removals * descent
    }

    /// A probe is a ping and its answer; one that is late is made by others too, each of which asks
    /// and tells on.
    private var datagrams: Int {
        let indirect = 4 * membership.indirectProbes
        return nodes * times(membership.protocolPeriod) * (2 + indirect + 2)
    }

    /// Each promise is written down, each watermark at each home, and each removal; so is what
    /// background work does to the manifest, which is no chunk.
    private var chunks: Int {
        shardCount * promises + partitions * homes * times(antiEntropy.period) + removals
    }

    /// Everything that may come is waited for by a timer of its own, which may ring once more
    /// before it.
    private var wakeups: Int {
        messages + datagrams + chunks + shardCount * times(.milliseconds(20))
    }
}
