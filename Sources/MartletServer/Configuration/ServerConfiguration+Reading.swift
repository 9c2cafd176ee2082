// Every key of the configuration file, section by section, with its kind and range. What each key
// means and trades is in conf/martlet.yaml; a test holds that the two list the same keys.
internal import Logging
internal import MartletAntiEntropy
internal import MartletBase
internal import MartletMembership
internal import MartletRESP
internal import MartletReplication
internal import MartletRing
internal import MartletStorage
internal import MartletWire

extension ServerConfiguration {
    /// The most seeds that can be listed.
    private static let seedLimit = 64

    /// Reads the configuration in the text of a file.
    ///
    /// - Parameters:
    ///   - yaml: The text.
    ///   - file: Its path: errors name it, and relative directories start at its folder.
    ///   - overrides: `section.key=value`, each in place of what the text says; relative
    ///     directories in them start at the working directory.
    /// - Throws: every problem at once.
    package init(
        yaml: String, file: String, overrides: [String] = []
    ) throws(ConfigurationError) {
        var reader = ConfigurationReader(ConfigurationDocument(yaml: yaml, overrides: overrides))
        self.init(&reader, file: file)
        reader.finish()
        guard reader.problems.isEmpty else {
            throw ConfigurationError(file: file, problems: reader.problems)
        }
    }

    /// Every key that a file may have, as `section.key`.
    package static var keys: [String] {
        var reader = ConfigurationReader(ConfigurationDocument(yaml: "", overrides: []))
        _ = ServerConfiguration(&reader, file: "")
        return reader.known
    }

    private init(_ reader: inout ConfigurationReader, file: String) {
        self.init(
            clusterName: reader.required("cluster.name", .name, otherwise: ""),
            nodeName: reader.required("node.name", .name, otherwise: ""),
            dataDirectory: reader.required("node.data", .path, otherwise: ""))
        readPlace(&reader, file: file)
        readListeners(&reader)
        readReplication(&reader)
        readAntiEntropy(&reader)
        readMembership(&reader)
        readStorage(&reader)
        checkAcross(&reader)
    }

    private mutating func readPlace(_ reader: inout ConfigurationReader, file: String) {
        reader.read("cluster.seeds", into: &seeds, each: .endpoint, limit: Self.seedLimit)
        inPlaceOf = reader.optional("node.in_place_of", .node)
        shards = reader.optional("node.shards", .integer(1...Self.shardLimit))
        reader.read("node.zone", into: &zone, .name)
        var share = Int(weight)
        reader.read("node.weight", into: &share, .integer(1...1_000))
        weight = UInt32(share)
        if !dataDirectory.hasPrefix("/"), !reader.isOverridden("node.data"),
            let slash = file.lastIndex(of: "/")
        {
            dataDirectory = "\(file[...slash])\(dataDirectory)"
        }
        let levels = Logger.Level.allCases.map { ($0.rawValue, $0) }
        reader.read("log.level", into: &logLevel, .choice(levels))
    }

    private mutating func readListeners(_ reader: inout ConfigurationReader) {
        reader.read("clients.listen", into: &clientListener, .endpoint)
        clientEndpoint = reader.optional("clients.advertise", .endpoint) ?? clientListener
        reader.read("peers.listen", into: &peerListener, .endpoint)
        peerEndpoint = reader.optional("peers.advertise", .endpoint) ?? peerListener
        reader.read("clients.argument_limit", into: &resp.argumentLimit, .integer(16...16_777_216))
        reader.read(
            "clients.bulk_limit", into: &resp.bulkByteLimit, .size(1 << 10...512 << 20))
        reader.read(
            "clients.command_limit", into: &resp.commandByteLimit, .size(4 << 10...1 << 30))
        reader.read("clients.line_limit", into: &resp.lineByteLimit, .size(1 << 10...1 << 20))
        reader.read(
            "clients.output_limit", into: &session.outputLimitBytes, .size(64 << 10...1 << 30))
        memoryLimitBytes = reader.optional(
            "clients.memory_limit", .size(MachineMemory.leastLimitBytes...1 << 40))
        connectionLimit = reader.optional("clients.connection_limit", .integer(1...1_000_000))
    }

    private mutating func readReplication(_ reader: inout ConfigurationReader) {
        let most = Topology.replicaCountLimit
        let needed = Spelling.quorum(least: 1, most: most)
        let wished = Spelling.quorum(least: 0, most: most)
        reader.read("replication.r", into: &replication.r, needed)
        reader.read("replication.pr", into: &replication.pr, wished)
        reader.read("replication.w", into: &replication.w, needed)
        reader.read("replication.pw", into: &replication.pw, wished)
        reader.read("replication.dw", into: &replication.dw, wished)
        reader.read(
            "replication.timeout", into: &replication.timeout,
            .duration(.milliseconds(1) ... .seconds(60)))
        reader.read("replication.read_all_share", into: &replication.readAllChance, .share)
        readHedging(&reader)
        reader.read(
            "replication.request_limit", into: &replication.requestLimit, .integer(1...10_000_000))
        reader.read(
            "replication.key_limit", into: &replication.keyLimitBytes, .size(16...1 << 20))
        reader.read(
            "replication.value_limit", into: &replication.valueLimitBytes,
            .size(1 << 10...16 << 20))
        reader.read(
            "replication.sibling_limit", into: &replication.siblingLimit, .integer(2...10_000))
        reader.read(
            "replication.object_limit", into: &replication.objectLimitBytes,
            .size(1 << 10...16 << 20))
        reader.read(
            "replication.inline_limit", into: &replication.inlineLimitBytes, .size(0...1 << 20))
        reader.read(
            "replication.clock_skew_limit", into: &replication.maximumClockSkew,
            .duration(.seconds(1) ... .seconds(3_600)))
        readHints(&reader)
    }

    private mutating func readHedging(_ reader: inout ConfigurationReader) {
        let delay = Spelling.duration(.milliseconds(1) ... .seconds(10))
        var least = replication.hedgeDelay.lowerBound
        var most = replication.hedgeDelay.upperBound
        reader.read("replication.hedge_delay_min", into: &least, delay)
        reader.read("replication.hedge_delay_max", into: &most, delay)
        if least <= most {
            replication.hedgeDelay = least...most
        } else {
            reader.contradiction(
                "replication.hedge_delay_min",
                "replication.hedge_delay_min is \(spelled(least)), above hedge_delay_max, "
                    + "\(spelled(most))")
        }
        reader.read("replication.hedge_share", into: &replication.hedgeShare, .share)
    }

    private mutating func readHints(_ reader: inout ConfigurationReader) {
        reader.read(
            "replication.hint_limit", into: &replication.hintLimitBytes,
            .size(1 << 20...1 << 40))
        reader.read(
            "replication.hint_window_limit", into: &replication.hintWindowLimit,
            .integer(1...10_000))
        reader.read(
            "replication.hint_latency_target", into: &replication.hintLatencyTarget,
            .duration(.milliseconds(1) ... .seconds(10)))
    }

    private mutating func readAntiEntropy(_ reader: inout ConfigurationReader) {
        reader.read(
            "anti_entropy.period", into: &antiEntropy.period,
            .duration(.milliseconds(100) ... .seconds(24 * 3_600)))
        reader.read(
            "anti_entropy.confirmation", into: &antiEntropy.confirmation,
            .duration(.milliseconds(10) ... .seconds(60)))
        reader.read(
            "anti_entropy.promise_interval", into: &antiEntropy.promiseInterval,
            .duration(.milliseconds(100) ... .seconds(3_600)))
        reader.read(
            "anti_entropy.promise_lag", into: &antiEntropy.promiseLag,
            .duration(.zero ... .seconds(3_600)))
        reader.read(
            "anti_entropy.expiry_slack", into: &antiEntropy.expirySlack,
            .duration(.zero ... .seconds(24 * 3_600)))
        reader.read(
            "anti_entropy.verification", into: &antiEntropy.verification,
            .duration(.zero ... .seconds(365 * 24 * 3_600)))
    }

    private mutating func readMembership(_ reader: inout ConfigurationReader) {
        reader.read(
            "membership.protocol_period", into: &membership.protocolPeriod,
            .duration(.milliseconds(100) ... .seconds(10)))
        reader.read(
            "membership.direct_timeout", into: &membership.directTimeout,
            .duration(.milliseconds(10) ... .seconds(10)))
        reader.read("membership.indirect_probes", into: &membership.indirectProbes, .integer(0...8))
        reader.read(
            "membership.suspicion_multiplier", into: &membership.suspicionMultiplier,
            .integer(1...10))
        reader.read(
            "membership.retransmit_multiplier", into: &membership.retransmitMultiplier,
            .integer(1...10))
        reader.read(
            "membership.outreach_interval", into: &membership.outreachInterval,
            .duration(.milliseconds(100) ... .seconds(60)))
        reader.read(
            "membership.push_pull_interval", into: &membership.pushPullInterval,
            .duration(.seconds(1) ... .seconds(600)))
        reader.read(
            "membership.conflict_interval", into: &membership.conflictInterval,
            .duration(.seconds(1) ... .seconds(600)))
        reader.read("membership.member_limit", into: &membership.memberLimit, .integer(2...1_024))
        reader.read(
            "membership.datagram_limit", into: &membership.datagramByteLimit, .size(576...1_400))
    }

    private mutating func readStorage(_ reader: inout ConfigurationReader) {
        reader.read("storage.sync", into: &storage.sync, .sync)
        reader.read(
            "storage.segment_size", into: &storage.segmentBytes, .size(4 << 10...1 << 30))
        reader.read("storage.prewrite", into: &storage.prewriteBytes, .size(0...64 << 20))
        reader.read("storage.chunk_target", into: &storage.chunkTargetBytes, .size(512...16 << 20))
        reader.read(
            "storage.batch_limit", into: &storage.batchLimitBytes, .size(1 << 10...32 << 20))
        reader.read(
            "storage.pending_limit", into: &storage.pendingLimitBytes,
            .size(1 << 10...16 << 30))
        reader.read("storage.compress_log", into: &storage.compressLog, .flag)
        reader.read("storage.disk_reserve", into: &storage.reserveShare, .percentage(0...50))
        readTables(&reader)
    }

    private mutating func readTables(_ reader: inout ConfigurationReader) {
        reader.read("storage.flush_size", into: &storage.flushBytes, .size(1 << 10...1 << 30))
        reader.read(
            "storage.memtable_limit", into: &storage.memtableLimitBytes,
            .size(2 << 10...64 << 30))
        reader.read("storage.block_size", into: &storage.blockBytes, .size(256...1 << 20))
        reader.read("storage.filter_bits", into: &storage.filterBitsPerKey, .integer(0...20))
        reader.read("storage.table_size", into: &storage.tableBytes, .size(1 << 10...1 << 30))
        reader.read(
            "storage.level_zero_trigger", into: &storage.levelZeroTrigger, .integer(2...64))
        reader.read("storage.level_zero_limit", into: &storage.levelZeroLimit, .integer(4...256))
        reader.read(
            "storage.level_one_size", into: &storage.levelOneBytes, .size(1 << 10...1 << 40))
        reader.read("storage.level_ratio", into: &storage.levelRatio, .integer(2...100))
        reader.read("storage.block_cache", into: &storage.blockCacheBytes, .size(0...1 << 40))
        reader.read("storage.read_limit", into: &storage.readLimit, .integer(1...1_000_000))
        reader.read("storage.read_threads", into: &readThreads, .integer(1...64))
        reader.read("storage.scrub_rate", into: &scrubBytesPerSecond, .size(0...1 << 30))
        reader.read("storage.open_tables", into: &storage.openTableLimit, .integer(1...100_000))
    }
}

extension Spelling where Value == SyncMode {
    /// When a write counts as durable.
    fileprivate static var sync: Spelling {
        let interval = Spelling<Duration>.duration(.milliseconds(1) ... .seconds(60))
        return Spelling(
            expected: "every_write, operating_system, or an interval of \(interval.range ?? "")",
            range: interval.range,
            parse: { text in
                switch text {
                case "every_write": .everyWrite
                case "operating_system": .operatingSystem
                default: interval.parse(text).map { .interval($0) }
                }
            },
            accepts: { mode in
                guard case .interval(let duration) = mode else { return true }
                return interval.accepts(duration)
            })
    }
}
