// The one list of a node's numbers: INFO, the facts of STATUS and a page of the documentation are
// made from it. What no single number can say stands between them, in words.
//
// A new number needs a field in a view, the line that reads it from the core, the line that joins
// it over shards, and a row here; tests hold that every number of STATUS is joined and in a row.
internal import MartletBase

/// The rows, in the order in which they are shown.
package enum GaugeTable {
    /// A gauge, or fields that are no single number.
    package struct Row: Sendable {
        /// What it is about.
        package let section: Gauge.Section
        /// The gauge; nil for words.
        package let gauge: Gauge?
        private let read: @Sendable (NodeFigures) -> [(name: String, value: String)]

        /// What it says of the node: names as INFO has them, with their values.
        package func fields(_ figures: NodeFigures) -> [(name: String, value: String)] {
            read(figures)
        }

        static func gauge(_ section: Gauge.Section, _ gauge: Gauge) -> Row {
            Row(section: section, gauge: gauge) { figures in
                gauge.value(figures).map { [(gauge.name, $0.description)] } ?? []
            }
        }

        static func counter(
            _ section: Gauge.Section, _ name: String, _ help: String, unit: Gauge.Unit = .things,
            _ read: @escaping @Sendable (NodeFigures) -> UInt64?
        ) -> Row {
            gauge(
                section,
                Gauge(name: name, kind: .counter, unit: unit, help: help) {
                    read($0).map { .whole(Int(clamping: $0)) }
                })
        }

        static func level(
            _ section: Gauge.Section, _ name: String, _ help: String, unit: Gauge.Unit = .things,
            _ read: @escaping @Sendable (NodeFigures) -> Int?
        ) -> Row {
            gauge(
                section,
                Gauge(name: name, kind: .level, unit: unit, help: help) {
                    read($0).map { .whole($0) }
                })
        }

        static func words(
            _ section: Gauge.Section,
            _ read: @escaping @Sendable (NodeFigures) -> [(name: String, value: String)]
        ) -> Row {
            Row(section: section, gauge: nil, read: read)
        }
    }

    /// All of them.
    package static let rows =
        process + memory + storage + antiEntropy + clients + statistics + cluster + keyspace

    /// What the process comes to, in the order of the facts of STATUS. Names are Redis's where it
    /// has the same.
    static let process: [Row] = [
        .words(.server) { [("process_id", "\($0.process.id)")] },
        .gauge(
            .server,
            Gauge(
                name: "longest_turn_ms", kind: .level, unit: .milliseconds,
                help: "The longest turn of the node's loop in the last 30 to 60 seconds",
                value: { .tenths(Int($0.process.longestTurn.nanoseconds / 100_000)) })),
        .counter(.server, "turns_over_10_ms", "Turns of the loop that took longer than 10 ms") {
            $0.process.longTurns
        },
        .level(.server, "uptime_in_seconds", "Since the process started", unit: .seconds) {
            Int($0.process.uptime.components.seconds)
        },
        .level(.memory, "used_memory", "What of the process is in memory", unit: .bytes) {
            $0.process.residentBytes
        },
        .words(.memory) { [("used_memory_human", MemoryText.short($0.process.residentBytes))] },
        .level(.memory, "used_memory_rss", "The same as used_memory", unit: .bytes) {
            $0.process.residentBytes
        },
        .level(.clients, "connected_clients", "Open connections of clients") {
            $0.process.clients
        },
        .level(.clients, "maxclients", "How many connections of clients there may be") {
            $0.process.clientLimit
        },
        .counter(.clients, "rejected_clients", "Clients turned away since there were as many") {
            $0.process.rejectedClients
        },
        .counter(
            .clients, "evicted_clients",
            "Connections closed since all of them together held too much"
        ) { $0.process.evictedClients },
        .level(
            .memory, "connection_memory", "What the connections of clients hold", unit: .bytes
        ) { $0.process.connectionBytes },
        .level(
            .memory, "connection_memory_limit", "How much all of them may hold", unit: .bytes
        ) { $0.process.connectionLimitBytes },
        .level(.server, "open_links", "Open links to other nodes") { $0.process.openLinks },
        .counter(
            .server, "dropped_peer_messages", "Messages to other nodes that links had no room for"
        ) { $0.process.droppedMessages },
    ]

    private static let memory: [Row] = [
        .level(.memory, "storage_memtable_bytes", "All memtables", unit: .bytes) {
            $0.status.storage.memtableBytes
        },
        .level(.memory, "storage_cache_bytes", "The blocks in the cache", unit: .bytes) {
            $0.status.storage.cacheBytes
        },
    ]

    private static let clients: [Row] = [
        .counter(.statistics, "total_connections_received", "Connections opened by clients") {
            $0.status.clients?.connections
        },
        .counter(.statistics, "total_commands_processed", "Commands taken in from clients") {
            $0.status.clients?.commands
        },
    ]

    private static let statistics: [Row] = [
        .counter(.statistics, "requests", "Requests of clients, and those that nodes forwarded") {
            $0.status.counters.requests
        },
        .counter(.statistics, "requests_failed", "Answers that were errors") {
            $0.status.counters.failures
        },
        .counter(.statistics, "requests_forwarded", "Requests handed on to a home replica") {
            $0.status.counters.forwards
        },
        .level(.statistics, "requests_in_flight", "Requests begun and not finished") {
            $0.status.operationsInFlight
        },
        .counter(.statistics, "hedges", "Replicas asked because another was slow") {
            $0.status.counters.hedges
        },
        .counter(.statistics, "stand_ins", "Writes that a fallback was asked to hold") {
            $0.status.counters.standIns
        },
        .counter(.statistics, "read_repairs", "Replicas that a read found behind, and repaired") {
            $0.status.counters.repairs
        },
        .level(.statistics, "hints_pending", "Hints that wait for their homes") {
            $0.status.hints.count
        },
        .level(.statistics, "hints_pending_bytes", "What these take", unit: .bytes) {
            $0.status.hints.bytes
        },
        .counter(.statistics, "hints_kept", "Hints made here") { $0.status.counters.hintsKept },
        .counter(.statistics, "hints_delivered", "Hints that their homes have acknowledged") {
            $0.status.counters.hintsDelivered
        },
    ]

    private static let cluster: [Row] = [
        .words(.cluster) { [("clock_standing", $0.status.clock.standing)] },
        .level(
            .cluster, "clock_ahead_ms",
            "How far the node's clock is ahead of the time that it goes by", unit: .milliseconds
        ) { Int($0.status.clock.ahead) },
        .level(.cluster, "clocks_compared", "Clocks of other nodes that it was compared with") {
            $0.status.clock.comparedWith
        },
        .level(.cluster, "ring_epoch", "The epoch of the node's ring; 0 when it has none") {
            Int(clamping: $0.status.epoch)
        },
    ]

    /// As Redis tells keys. The mean of what is left to live is not known, and 0 as in a Redis that
    /// has not looked yet.
    private static let keyspace: [Row] = [
        .words(.keyspace) { figures in
            let keys = figures.status.keys
            if keys.held == 0 { return [] }
            return [("db0", "keys=\(keys.held),expires=\(keys.expiring),avg_ttl=0")]
        }
    ]
}
