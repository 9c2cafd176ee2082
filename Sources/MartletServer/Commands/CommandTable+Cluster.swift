// The table's rows about the node and its cluster.
internal import MartletBase
internal import MartletRESP

extension CommandTable {
    static let clusterCommands: [CommandSpec] = [
        CommandSpec(
            "cluster", -2, "", "The ring as Redis Cluster's clients see it.",
            subcommands: clusterSubcommands)
    ]

    private static let clusterSubcommands: [CommandSpec] = [
        CommandSpec(
            "cluster|info", 2, "loading stale", "State and counts.", plan: .show(.clusterState)),
        CommandSpec(
            "cluster|myid", 2, "loading stale", "This node's id.", plan: .show(.clusterName)),
        CommandSpec(
            "cluster|nodes", 2, "loading stale", "Every member.", plan: .show(.clusterNodes)),
        CommandSpec(
            "cluster|slots", 2, "loading stale", "Who serves which slots.",
            plan: .show(.clusterSlots)),
        CommandSpec(
            "cluster|shards", 2, "loading stale", "Which slots each member serves.",
            plan: .show(.clusterShards)),
        CommandSpec(
            "cluster|forget", 3, "admin loading stale", syntax: "id",
            "Leaves a member that is away out of this node's CLUSTER replies until it is back."
        ) { .operate(.leaveOut($0[2].text)) },
        CommandSpec(
            "cluster|keyslot", 3, "loading stale", syntax: "key", "A key's slot.",
            plan: ClusterCommands.slot),
        help(of: "cluster"),
    ]

    static let serverCommands: [CommandSpec] = [
        CommandSpec(
            "command", -1, "loading stale", "The commands.", subcommands: commandSubcommands,
            plan: .show(.commandShapes(nil))),
        CommandSpec(
            "config", -2, "", "The settings that Redis's tools ask for.",
            subcommands: configSubcommands),
        CommandSpec(
            "dbsize", 1, "readonly fast",
            "How many keys with a value this node holds a replica of.", plan: .show(.databaseSize)),
        CommandSpec(
            "info", -1, "loading stale", syntax: "[section …]", "Facts about the node.",
            plan: InfoCommand.plan),
    ]

    private static let commandSubcommands: [CommandSpec] = [
        CommandSpec(
            "command|count", 2, "loading stale", "How many commands there are.",
            plan: ServerCommands.count),
        CommandSpec(
            "command|docs", -2, "loading stale", syntax: "[name …]", "What they do.",
            plan: ServerCommands.documents),
        CommandSpec(
            "command|getkeys", -3, "loading stale", syntax: "command [argument …]",
            "The keys in a command.",
            plan: ServerCommands.keys),
        CommandSpec(
            "command|info", -2, "loading stale", syntax: "[name …]", "Their shapes.",
            plan: ServerCommands.shapes),
        CommandSpec("command|list", -2, "loading stale", "Their names.", plan: ServerCommands.list),
        help(of: "command"),
    ]

    private static let configSubcommands: [CommandSpec] = [
        CommandSpec(
            "config|get", -3, "admin loading stale", syntax: "pattern …", "Settings.",
            plan: ServerCommands.readSettings),
        CommandSpec(
            "config|set", -4, "admin loading stale", "Refused: a node reads its file at start.",
            plan: ServerCommands.changeSettings),
        help(of: "config"),
    ]

    static let martletCommands: [CommandSpec] = [
        CommandSpec(
            "martlet.get", -2, "readonly", keys: .one,
            syntax: "key [R n|ONE|QUORUM|ALL] [PR …] [N n] [TIMEOUT ms]",
            "Every sibling of a key, the context to write with, and who answered.",
            plan: MartletCommands.get),
        CommandSpec(
            "martlet.put", -3, "write denyoom", keys: .one,
            syntax: "key value [CONTEXT token] [W n|ONE|QUORUM|ALL] [PW …] [DW …] [N n] "
                + "[TIMEOUT ms] [EX seconds | PX ms]",
            "Writes a value in place of what the context covers, and of nothing else.",
            plan: MartletCommands.put),
        CommandSpec(
            "martlet.delete", -2, "write", keys: .one,
            syntax: "key [CONTEXT token] [W n|ONE|QUORUM|ALL] [PW …] [DW …] [N n] [TIMEOUT ms]",
            "Deletes what the context covers, and nothing else.",
            plan: MartletCommands.delete),
        CommandSpec(
            "martlet.ring", -1, "loading stale", syntax: "[JSON | FULL]", "The ring as JSON.",
            plan: AdministrationCommands.ring),
        CommandSpec(
            "martlet.status", 1, "loading stale", "The node as JSON.", plan: .show(.status)),
        CommandSpec(
            "martlet.key", 2, "loading stale", syntax: "key", "Where a key lives, as JSON."
        ) { .show(.placement(of: $0[1])) },
        CommandSpec(
            "martlet.repair", -1, "admin", syntax: "[PARTITION p | KEY key | STATUS]",
            "Compares partitions with their other homes at once; as JSON.",
            plan: AntiEntropyCommands.repair),
        CommandSpec(
            "martlet.explain", 2, "readonly", keys: .one, syntax: "key",
            "What this node holds of a key, and why it is still there, as JSON."
        ) { .show(.holdings(of: $0[1])) },
        CommandSpec(
            "martlet.forget", 2, "admin loading stale", syntax: "name-or-id",
            "Forgets a member that is gone and that no ring names."
        ) { .operate(.forget($0[1].text)) },
        CommandSpec(
            "martlet.cluster", -2, "", "Changes of the ring: staged, planned, committed.",
            subcommands: ringSubcommands),
        CommandSpec(
            "martlet.create", -2, "admin loading stale", syntax: "members [N n] [PARTITIONS q]",
            "Creates the cluster, once, from the members that this node knows.",
            plan: AdministrationCommands.create),
    ]
}
