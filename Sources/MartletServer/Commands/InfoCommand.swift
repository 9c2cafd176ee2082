// INFO and DBSIZE: what the table of gauges says, in the sections that Redis's tools look into, and
// what they ask for beside it. What Redis has and Martlet does not know is left out rather than
// invented.
internal import MartletBase
internal import MartletNode
internal import MartletRESP
internal import MartletStorage
internal import MartletViews

enum InfoCommand {
    /// `INFO [section …]`.
    static func plan(_ call: CommandCall) -> CommandPlan {
        .show(.information(call.words.dropFirst().map { $0.text.lowercased() }))
    }
}

extension ClientSession {
    private typealias Section = (name: String, fields: [(name: String, value: String)])

    /// Tells the sections that are asked for, in lower case; all where there are none.
    func showInformation(_ asked: [String]) {
        let everything = ["all", "default", "everything"]
        let showsAll = asked.isEmpty || asked.contains(where: everything.contains)
        survey(Self.figures) { [self] all, writer in
            let text = sections(NodeFigures(joining: all))
                .filter { showsAll || asked.contains($0.name.lowercased()) }
                .map { section in
                    "# \(section.name)\r\n"
                        + section.fields.map { "\($0.name):\($0.value)\r\n" }.joined()
                }
                .joined(separator: "\r\n")
            writer.writeVerbatim(text)
        }
    }

    /// Tells how many keys with a value this node holds a replica of. How many the cluster has, no
    /// node knows.
    func showDatabaseSize() {
        survey({ $0.core.engine.objectCounts.held }) { counts, writer in
            writer.writeInteger(counts.reduce(0, +))
        }
    }

    private func sections(_ figures: NodeFigures) -> [Section] {
        let identity = target.core.identity
        return [
            (
                "Server",
                [
                    ("redis_version", CommandTable.redisVersion),
                    ("redis_mode", "cluster"),
                    ("server_name", "martlet"),
                    ("arch_bits", "\(Int.bitWidth)"),
                    ("run_id", identity.id.clusterName),
                    ("node_name", identity.name),
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

    /// All that one shard of the node tells of itself now.
    @Sendable static func figures(_ target: any CommandTarget) -> NodeFigures {
        let clients = target.registry.map {
            StatusView.Clients(connections: $0.openedCount, commands: $0.commandCount)
        }
        return NodeFigures(
            target.core, process: target.processFigures, clients: clients, at: target.now)
    }

    /// Replies with what `write` makes of what `look` gives at each shard of the node: in the place
    /// of `ticket`, or else in turn.
    func survey<Sight: Sendable>(
        _ look: @escaping @Sendable (any CommandTarget) -> Sight, for ticket: ReplyTicket? = nil,
        then write: @escaping ([Sight], inout ReplyWriter) -> Void
    ) {
        let ticket = ticket ?? reserve()
        target.survey(look) { [self] sights in
            fulfil(ticket) { write(sights, &$0) }
        }
    }
}
