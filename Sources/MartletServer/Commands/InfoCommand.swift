// INFO and DBSIZE: facts that are known, in the sections and under the names that Redis's tools
// look for. What Redis has and Martlet does not know is left out rather than invented.
internal import MartletBase
internal import MartletNode
internal import MartletReplication
internal import MartletRESP
internal import MartletStorage

extension ClientSession {
    private typealias Section = (name: String, fields: [(name: String, value: String)])

    /// `INFO [section …]`.
    func info(_ words: [Bytes]) {
        let asked = words.dropFirst().map { $0.text.lowercased() }
        let everything = ["all", "default", "everything"]
        let showsAll = asked.isEmpty || asked.contains(where: everything.contains)
        let text = sections(target.core)
            .filter { showsAll || asked.contains($0.name.lowercased()) }
            .map { section in
                "# \(section.name)\r\n"
                    + section.fields.map { "\($0.name):\($0.value)\r\n" }.joined()
            }
            .joined(separator: "\r\n")
        reply { $0.writeVerbatim(text) }
    }

    /// `DBSIZE`: the keys with a value of which this node holds a replica. How many the cluster
    /// has, no node knows.
    func databaseSize() {
        let count = target.core.engine.objectCounts.held
        reply { $0.writeInteger(count) }
    }

    private func sections(_ core: NodeCore) -> [Section] {
        let facts = target.processFacts
        return [
            (
                "Server",
                [
                    ("redis_version", CommandTable.redisVersion),
                    ("redis_mode", "cluster"),
                    ("server_name", "martlet"),
                    ("arch_bits", "\(Int.bitWidth)"),
                    ("run_id", core.identity.id.clusterName),
                    ("node_name", core.identity.name),
                ] + facts.filter { Self.section(ofFact: $0.name) == "Server" }
            ),
            (
                "Clients",
                facts.filter { Self.section(ofFact: $0.name) == "Clients" } + [
                    // No command blocks; `redis-cli --stat` wants to be told.
                    ("blocked_clients", "0")
                ]
            ),
            (
                "Memory",
                facts.filter { Self.section(ofFact: $0.name) == "Memory" } + [
                    ("storage_memtable_bytes", "\(core.engine.memtableBytes)"),
                    ("storage_cache_bytes", "\(core.engine.cachedBytes)"),
                    ("maxmemory", "0"),
                    ("maxmemory_policy", "noeviction"),
                ]
            ),
            ("Storage", Self.storage(core.engine)),
            ("AntiEntropy", antiEntropy(core)),
            ("Stats", statistics(core)),
            ("Replication", [("role", "master")]),
            ("Cluster", [("cluster_enabled", "1")] + clock(core)),
            ("Keyspace", Self.keyspace(core.engine.objectCounts)),
        ]
    }

    /// Exact but for partitions whose tree is being built; an expired value counts until it is
    /// removed, as in Redis. The mean of what is left to live is not known, and 0 as in a Redis
    /// that has not looked yet.
    private static func keyspace(_ counts: ObjectCounts) -> [(name: String, value: String)] {
        if counts.held == 0 { return [] }
        return [("db0", "keys=\(counts.held),expires=\(counts.mortal),avg_ttl=0")]
    }

    /// Where Redis's tools look for a fact about the process.
    private static func section(ofFact name: String) -> String {
        if name.contains("clients") { return "Clients" }
        return name.contains("memory") ? "Memory" : "Server"
    }

    private static func storage(_ engine: StorageEngine) -> [(name: String, value: String)] {
        let levels = engine.levelSizes
        let counters = engine.counters
        return [("storage_entries_estimate", "\(engine.entryEstimate)")]
            + levels.enumerated().filter { $1.tables > 0 }.map {
                ("storage_level_\($0)", "tables=\($1.tables),bytes=\($1.fileBytes)")
            } + [
                ("storage_table_bytes", "\(levels.reduce(0) { $0 + $1.fileBytes })"),
                ("storage_cache_hits", "\(counters.cacheHits)"),
                ("storage_cache_misses", "\(counters.cacheMisses)"),
                ("storage_flushes", "\(counters.flushes)"),
                ("storage_compactions", "\(counters.compactions)"),
                ("storage_accepted_bytes", "\(counters.acceptedBytes)"),
                (
                    "storage_table_bytes_written",
                    "\(counters.flushedBytes + counters.compactionWrittenBytes)"
                ),
                ("storage_free_bytes", "\(engine.space?.freeBytes ?? 0)"),
                ("storage_reserve_bytes", "\(engine.reserveBytes)"),
                ("storage_values_refused", engine.reserveRefusal == nil ? "0" : "1"),
                ("storage_damaged_ranges", "\(engine.damagedRanges.count)"),
                ("storage_backlog_percent", "\(Int((engine.backlog * 100).rounded()))"),
            ]
    }

    private func antiEntropy(_ core: NodeCore) -> [(name: String, value: String)] {
        let view = RepairView(core, begun: 0, of: nil)
        let settled = SettledView(core, at: target.now)
        let ages = [
            ("watermark_age_min_ms", settled.leastAge),
            ("watermark_age_median_ms", settled.medianAge),
            ("watermark_age_max_ms", settled.mostAge),
        ]
        return [
            ("partitions_as_home", "\(settled.partitions)"),
            ("partitions_unproven", "\(settled.unproven)"),
            ("partitions_doubted", "\(settled.doubted)"),
        ] + ages.compactMap { name, age in age.map { (name, "\($0)") } } + [
            ("exchange_comparisons", "\(view.comparisons)"),
            ("exchange_differences", "\(view.differences)"),
            ("exchange_leaves_read", "\(view.leavesRead)"),
            ("exchange_objects_found", "\(view.objectsFound)"),
            ("exchange_bytes_sent", "\(view.bytesSent)"),
            ("exchange_under_way", "\(view.waiting + view.underWay)"),
            ("pushes", "\(view.pushes)"),
            ("pushes_pending", "\(view.pushing)"),
            ("removals", "\(view.removals)"),
            ("watermark_advances", "\(view.advances)"),
            ("trees_built", "\(view.treesBuilt)"),
            ("trees_mended", "\(view.treesMended)"),
            ("tree_bytes", "\(view.treeBytes)"),
        ]
    }

    private func clock(_ core: NodeCore) -> [(name: String, value: String)] {
        let clock = StatusView.Clock(core)
        return [
            ("clock_standing", clock.standing), ("clock_ahead_ms", "\(clock.ahead)"),
            ("clocks_compared", "\(clock.comparedWith)"),
        ]
    }

    private func statistics(_ core: NodeCore) -> [(name: String, value: String)] {
        let counters = core.counters
        let hints = core.pendingHints
        let clients = registry.map { registry in
            [
                ("total_connections_received", "\(registry.openedCount)"),
                ("total_commands_processed", "\(registry.commandCount)"),
            ]
        }
        return (clients ?? []) + [
            ("requests", "\(counters.requests)"),
            ("requests_failed", "\(counters.failures)"),
            ("requests_forwarded", "\(counters.forwards)"),
            ("requests_in_flight", "\(core.operationsInFlight)"),
            ("hedges", "\(counters.hedges)"),
            ("stand_ins", "\(counters.standIns)"),
            ("read_repairs", "\(counters.repairs)"),
            ("hints_pending", "\(hints.count)"),
            ("hints_pending_bytes", "\(hints.bytes)"),
            ("hints_kept", "\(counters.hintsKept)"),
            ("hints_delivered", "\(counters.hintsDelivered)"),
        ]
    }
}
