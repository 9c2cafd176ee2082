// INFO and DBSIZE: what the table of gauges says, in the sections that Redis's tools look into, and
// what they ask for beside it. What Redis has and Martlet does not know is left out rather than
// invented.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletStorage
internal import MartletViews

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
        let figures = figures
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
                ] + figures.fields(of: .server)
            ),
            // No command blocks; `redis-cli --stat` wants to be told.
            ("Clients", figures.fields(of: .clients) + [("blocked_clients", "0")]),
            (
                "Memory",
                figures.fields(of: .memory) + [
                    ("maxmemory", "0"), ("maxmemory_policy", "noeviction"),
                ]
            ),
            ("Storage", figures.fields(of: .storage)),
            ("AntiEntropy", figures.fields(of: .antiEntropy)),
            ("Stats", figures.fields(of: .statistics)),
            ("Replication", [("role", "master")]),
            ("Cluster", [("cluster_enabled", "1")] + figures.fields(of: .cluster)),
            ("Keyspace", figures.fields(of: .keyspace)),
        ]
    }

    /// All that the node tells of itself now.
    var figures: NodeFigures {
        let clients = registry.map {
            StatusView.Clients(connections: $0.openedCount, commands: $0.commandCount)
        }
        return NodeFigures(
            target.core, process: target.processFigures, clients: clients, at: target.now)
    }
}
