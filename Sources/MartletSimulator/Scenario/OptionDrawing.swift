// The knobs of a node as a seed turns them: none may matter to any promise. Each is drawn from its
// ends and its middle, over decades where it spans them; small ones are likely, so that a short run
// sees flushes, many comparisons, and tombstones go. What settles a cluster stays well within the
// bound that the scenario gives it for that.
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletHandover
internal import MartletMembership
internal import MartletNode
internal import MartletReplication
internal import MartletStorage

extension ReplicationOptions {
    /// As a seed has them.
    static func drawn(_ scenario: Scenario, _ seed: UInt64) -> ReplicationOptions {
        var random = SeededRandom(seed: seed, stream: "replication options")
        var options = ReplicationOptions()
        if !scenario.usesStandardSettings {
            options.readAllChance = random.one(of: [0, 0.05, 0.5, 1])
            options.inlineLimitBytes = random.one(of: [0, 64, 4 << 10, 1 << 20])
            options.hintWindowLimit = random.one(of: [1, 2, 8, 128])
            options.hintLatencyTarget = random.one(of: [.milliseconds(5), .milliseconds(50)])
            let quickest = random.one(of: [Duration.milliseconds(1), .milliseconds(25)])
            options.hedgeDelay =
                quickest...random.one(of: [.milliseconds(50), .milliseconds(250), .seconds(1)])
            options.hedgeShare = random.one(of: [0, 0.1, 1])
            options.readByteLimit = random.one(of: [64 << 10, 128 << 20, 128 << 20])
        }
        if let limit = scenario.requestLimit {
            options.requestLimit = limit.lowerBound + random.below(limit.count)
        }
        return options
    }
}

extension AntiEntropyOptions {
    /// The share of the bound for settling that one round of comparisons may take.
    private static let settlingShare = 12

    /// As a seed has them.
    static func drawn(_ scenario: Scenario, _ seed: UInt64) -> AntiEntropyOptions {
        var random = SeededRandom(seed: seed, stream: "anti-entropy options")
        var options = AntiEntropyOptions()
        if scenario.usesStandardSettings { return options }
        let longest = min(.seconds(20), scenario.settle / settlingShare)
        func span(_ low: Duration, _ high: Duration) -> Duration {
            let high = min(high, max(low, longest))
            let step = Double(random.below(5))
            return random.duration(in: low...max(low, high * (1 / (1 + step * step))))
        }
        options.period = span(.milliseconds(300), .seconds(20))
        options.confirmation = span(.milliseconds(50), .seconds(2))
        options.promiseInterval = span(.milliseconds(200), .seconds(5))
        options.promiseLag = random.one(of: [.zero, .seconds(1), .seconds(5), .seconds(30)])
        options.expirySlack = random.one(of: [.zero, .seconds(4), .seconds(60)])
        options.verification = random.one(of: [.zero, .seconds(10), .seconds(60)])
        return options
    }
}

extension HandoverOptions {
    /// As a seed has them. Half of them are so slow that moves take a while, though there is little
    /// to be moved.
    static func drawn(_ scenario: Scenario, _ seed: UInt64) -> HandoverOptions {
        var random = SeededRandom(seed: seed, stream: "handover options")
        var options = HandoverOptions()
        if scenario.usesStandardSettings { return options }
        options.partitionsAtOnce = random.one(of: [1, 2, 4, 64])
        options.bytesPerSecond = random.one(of: [0, 64 << 20, 64 << 10, 4 << 10, 1 << 10])
        options.chunkBytes = random.one(of: [4 << 10, 256 << 10])
        options.checkpointBytes = random.one(of: [1, 4 << 10, 4 << 20])
        options.patience = random.one(of: [.milliseconds(200), .seconds(1), .seconds(5)])
        options.offerInterval = random.one(of: [.milliseconds(500), .seconds(5)])
        return options
    }
}

extension MembershipOptions {
    /// As a seed has them.
    static func drawn(_ scenario: Scenario, _ seed: UInt64) -> MembershipOptions {
        var random = SeededRandom(seed: seed, stream: "membership options")
        var options = MembershipOptions()
        if scenario.usesStandardSettings { return options }
        options.protocolPeriod = random.one(
            of: [.milliseconds(200), .milliseconds(500), .seconds(1), .seconds(1), .seconds(2)])
        options.directTimeout = options.protocolPeriod / random.one(of: [2, 3, 3, 10])
        options.indirectProbes = random.one(of: [0, 1, 3, 3, 8])
        options.suspicionMultiplier = random.one(of: [1, 2, 2, 4])
        options.retransmitMultiplier = random.one(of: [1, 3, 3, 6])
        options.outreachInterval = random.one(of: [.seconds(2), .seconds(2), .seconds(5)])
        options.pushPullInterval = random.one(of: [.seconds(1), .seconds(10), .seconds(30)])
        options.datagramByteLimit = random.one(of: [576, 1_200, 1_400])
        return options
    }
}

extension StorageOptions {
    /// As a seed has them.
    static func drawn(_ scenario: Scenario, _ seed: UInt64) -> StorageOptions {
        var random = SeededRandom(seed: seed, stream: "storage options")
        var options = StorageOptions()
        options.digest = .object
        options.sync = SyncChoice.drawn(scenario.syncModes, seed: seed)
        if scenario.usesStandardSettings { return options }
        options.segmentBytes = random.one(of: [4 << 10, 32 << 10, 256 << 10, 4 << 20])
        options.prewriteBytes = random.one(of: [0, 16 << 10, 1 << 20])
        options.chunkTargetBytes = random.one(of: [512, 1 << 10, 64 << 10, 1 << 20])
        options.compressLog = random.chance(0.25)
        options.flushBytes = random.one(of: [2 << 10, 16 << 10, 128 << 10, 1 << 20])
        options.memtableLimitBytes = options.flushBytes * random.one(of: [4, 16, 64])
        options.blockBytes = random.one(of: [256, 2 << 10, 16 << 10])
        options.filterBitsPerKey = random.one(of: [0, 1, 10, 20])
        options.tableBytes = random.one(of: [2 << 10, 64 << 10, 1 << 20])
        options.levelZeroTrigger = 2 + random.below(4)
        options.levelOneBytes = random.one(of: [4 << 10, 64 << 10, 1 << 20])
        options.levelRatio = random.one(of: [2, 3, 10])
        options.manifestGrowthBytes = random.one(of: [64, 4 << 10, 1 << 20])
        options.blockCacheBytes = random.one(of: [0, 4 << 10, 1 << 20])
        options.openTableLimit = random.one(of: [1, 2, 64])
        options.snapshotLimit = random.one(of: [2, 16])
        options.reserveShare = random.one(of: [0.02, 0.3])
        return options
    }
}

/// The writes that a node has named before the run begins.
struct Age {
    /// The incarnation of its actor; 0 for a node that is new.
    let incarnation: UInt32
    /// The last counter.
    let counter: UInt64

    /// That of a node which has never been.
    static let new = Age(incarnation: 0, counter: 0)

    /// One for each node: new, or with a counter that soon crosses a width at which numbers are
    /// written or counted otherwise.
    static func drawn(_ scenario: Scenario, _ seed: UInt64) -> [Age] {
        var random = SeededRandom(seed: seed, stream: "ages")
        return (0..<scenario.nodeCount).map { _ in
            let width = random.one(of: [0, 0, 7, 8, 14, 16, 21, 32, 35, 48])
            let short = UInt64(random.below(40))
            guard !scenario.usesStandardSettings, width > 0 else {
                return .new
            }
            return Age(incarnation: 1 << 20, counter: (1 << width) - min(short, 1 << width))
        }
    }
}
