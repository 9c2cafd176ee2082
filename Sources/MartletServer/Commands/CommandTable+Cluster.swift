// The table's rows about the node and its cluster.
internal import MartletBase
internal import MartletRESP

extension CommandTable {
    static let clusterCommands: [CommandSpec] = [
        CommandSpec(
            "cluster", -2, "", "The ring as Redis Cluster's clients see it.",
            subcommands: clusterSubcommands
        ) { _, _ in }
    ]

    private static let clusterSubcommands: [CommandSpec] = [
        CommandSpec("cluster|info", 2, "loading stale", "State and counts.") { session, _ in
            session.clusterInfo()
        },
        CommandSpec("cluster|myid", 2, "loading stale", "This node's id.") { session, _ in
            session.clusterMyID()
        },
        CommandSpec("cluster|nodes", 2, "loading stale", "Every member.") { session, _ in
            session.clusterNodes()
        },
        CommandSpec("cluster|slots", 2, "loading stale", "Who serves which slots.") {
            (session, _) throws(CommandError) in try session.clusterSlots()
        },
        CommandSpec("cluster|shards", 2, "loading stale", "Which slots each member serves.") {
            (session, _) throws(CommandError) in try session.clusterShards()
        },
        CommandSpec(
            "cluster|forget", 3, "admin loading stale", syntax: "id",
            "Leaves a member that is away out of this node's CLUSTER replies until it is back."
        ) { (session, words) throws(CommandError) in try session.clusterForget(words) },
        CommandSpec("cluster|keyslot", 3, "loading stale", syntax: "key", "A key's slot.") {
            session, words in session.clusterKeySlot(words)
        },
        help(of: "cluster"),
    ]

    static let serverCommands: [CommandSpec] = [
        CommandSpec(
            "command", -1, "loading stale", "The commands.", subcommands: commandSubcommands
        ) { session, _ in session.commandInfo(nil) },
        CommandSpec(
            "config", -2, "", "The settings that Redis's tools ask for.",
            subcommands: configSubcommands
        ) { _, _ in },
        CommandSpec(
            "dbsize", 1, "readonly fast",
            "How many keys with a value this node holds a replica of."
        ) { session, _ in session.databaseSize() },
        CommandSpec("info", -1, "loading stale", syntax: "[section …]", "Facts about the node.") {
            session, words in session.info(words)
        },
    ]

    private static let commandSubcommands: [CommandSpec] = [
        CommandSpec("command|count", 2, "loading stale", "How many commands there are.") {
            session, _ in session.reply { $0.writeInteger(commands.count) }
        },
        CommandSpec("command|docs", -2, "loading stale", syntax: "[name …]", "What they do.") {
            session, words in session.commandDocs(words)
        },
        CommandSpec(
            "command|getkeys", -3, "loading stale", syntax: "command [argument …]",
            "The keys in a command."
        ) { (session, words) throws(CommandError) in try session.commandGetKeys(words) },
        CommandSpec("command|info", -2, "loading stale", syntax: "[name …]", "Their shapes.") {
            session, words in session.commandInfo(words.count > 2 ? words.dropFirst(2) : nil)
        },
        CommandSpec("command|list", -2, "loading stale", "Their names.") {
            (session, words) throws(CommandError) in try session.commandList(words)
        },
        help(of: "command"),
    ]

    private static let configSubcommands: [CommandSpec] = [
        CommandSpec("config|get", -3, "admin loading stale", syntax: "pattern …", "Settings.") {
            session, words in session.configGet(words)
        },
        CommandSpec(
            "config|set", -4, "admin loading stale", "Refused: a node reads its file at start."
        ) { (_, _) throws(CommandError) in
            throw .unsupported(
                "CONFIG SET", "change the node's configuration file and restart the node")
        },
        help(of: "config"),
    ]

    static let martletCommands: [CommandSpec] = [
        CommandSpec(
            "martlet.get", -2, "readonly", keys: .one,
            syntax: "key [R n|ONE|QUORUM|ALL] [PR …] [N n] [TIMEOUT ms]",
            "Every sibling of a key, the context to write with, and who answered."
        ) { (session, words) throws(CommandError) in try session.martletGet(words) },
        CommandSpec(
            "martlet.put", -3, "write denyoom", keys: .one,
            syntax: "key value [CONTEXT token] [W n|ONE|QUORUM|ALL] [PW …] [DW …] [N n] "
                + "[TIMEOUT ms] [EX seconds | PX ms]",
            "Writes a value in place of what the context covers, and of nothing else."
        ) { (session, words) throws(CommandError) in try session.martletPut(words) },
        CommandSpec(
            "martlet.delete", -2, "write", keys: .one,
            syntax: "key [CONTEXT token] [W n|ONE|QUORUM|ALL] [PW …] [DW …] [N n] [TIMEOUT ms]",
            "Deletes what the context covers, and nothing else."
        ) { (session, words) throws(CommandError) in try session.martletDelete(words) },
        CommandSpec(
            "martlet.ring", -1, "loading stale", syntax: "[JSON | FULL]", "The ring as JSON."
        ) { (session, words) throws(CommandError) in try session.martletRing(words) },
        CommandSpec("martlet.status", 1, "loading stale", "The node as JSON.") {
            (session, _) throws(CommandError) in session.martletStatus()
        },
        CommandSpec(
            "martlet.key", 2, "loading stale", syntax: "key", "Where a key lives, as JSON."
        ) { (session, words) throws(CommandError) in try session.martletKey(words) },
        CommandSpec(
            "martlet.repair", -1, "admin", syntax: "[PARTITION p | KEY key | STATUS]",
            "Compares partitions with their other homes at once; as JSON."
        ) { (session, words) throws(CommandError) in try session.martletRepair(words) },
        CommandSpec(
            "martlet.explain", 2, "readonly", keys: .one, syntax: "key",
            "What this node holds of a key, and why it is still there, as JSON."
        ) { (session, words) throws(CommandError) in try session.martletExplain(words) },
        CommandSpec(
            "martlet.forget", 2, "admin loading stale", syntax: "name-or-id",
            "Forgets a member that is gone and that no ring names."
        ) { (session, words) throws(CommandError) in try session.martletForget(words) },
        CommandSpec(
            "martlet.create", -2, "admin loading stale", syntax: "members [N n] [PARTITIONS q]",
            "Creates the cluster, once, from the members that this node knows."
        ) { (session, words) throws(CommandError) in try session.martletCreate(words) },
    ]
}
