// The table's rows, by group. A row only names what plans the command.
internal import MartletBase
internal import MartletRESP

extension CommandTable {
    static let connectionCommands: [CommandSpec] = [
        CommandSpec(
            "ping", -1, "fast", syntax: "[message]",
            "Answers PONG, or the message, of 1 MiB at most.",
            plan: ConnectionCommands.ping),
        CommandSpec(
            "echo", 2, "loading stale fast", syntax: "message",
            "Answers the message, of 1 MiB at most.",
            plan: ConnectionCommands.echo),
        CommandSpec(
            "hello", -1, "noscript loading stale fast no_auth",
            syntax: "[version [AUTH user password] [SETNAME name]]",
            "Agrees on the protocol: 2 or 3.",
            plan: ConnectionCommands.hello),
        CommandSpec(
            "auth", -2, "noscript loading stale fast no_auth", syntax: "default password",
            "Accepted for the user default, whatever the password: nodes have none.",
            plan: ConnectionCommands.authenticate),
        CommandSpec(
            "select", 2, "loading stale fast", syntax: "0", "Selects the one database.",
            plan: ConnectionCommands.select),
        CommandSpec(
            "quit", -1, "noscript loading stale fast no_auth", "Closes the connection.",
            plan: .connection(.quit)),
        CommandSpec(
            "reset", 1, "noscript loading stale fast no_auth",
            "Puts the connection back to its beginning.", plan: .connection(.reset)),
        accepted("readonly", "Accepted: every node serves reads."),
        accepted("readwrite", "Accepted: every node serves writes."),
        accepted("asking", "Accepted: no node redirects."),
        CommandSpec(
            "client", -2, "", "Facts and settings of connections.", subcommands: clientCommands),
    ]

    static let transactionCommands: [CommandSpec] = [
        CommandSpec(
            "multi", 1, "noscript loading stale fast",
            "Holds back what follows, up to EXEC or DISCARD: there are no transactions.",
            plan: .transaction(.begin)),
        CommandSpec(
            "exec", 1, "noscript loading stale",
            "Says that nothing since MULTI was carried out.", plan: .transaction(.execute)),
        CommandSpec(
            "discard", 1, "noscript loading stale fast", "Ends what MULTI began.",
            plan: .transaction(.discard)),
        CommandSpec(
            "watch", -2, "noscript loading stale fast", keys: .all, syntax: "key [key …]",
            "Refused: there are no transactions.",
            plan: TransactionCommands.watch),
        accepted("unwatch", "Accepted: nothing is watched."),
    ]

    /// A command that changes nothing, since what it asks for always holds.
    private static func accepted(_ name: String, _ summary: String) -> CommandSpec {
        CommandSpec(name, 1, "loading stale fast", summary, plan: .accepted)
    }

    private static let clientFlags = "noscript loading stale"

    private static let clientCommands: [CommandSpec] = [
        CommandSpec(
            "client|id", 2, clientFlags, "The connection's number.",
            plan: .connection(.tellNumber)),
        CommandSpec(
            "client|info", 2, clientFlags, "This connection.", plan: .connection(.describe)),
        CommandSpec(
            "client|list", -2, clientFlags, "Every connection of this node.",
            plan: ConnectionCommands.list),
        CommandSpec(
            "client|getname", 2, clientFlags, "The connection's name.", plan: .connection(.tellName)
        ),
        CommandSpec(
            "client|setname", 3, clientFlags, syntax: "name", "Names the connection.",
            plan: ConnectionCommands.setName),
        CommandSpec(
            "client|setinfo", 4, clientFlags, syntax: "LIB-NAME name | LIB-VER version",
            "Notes which library the client uses.",
            plan: ConnectionCommands.setLibrary),
        CommandSpec(
            "client|no-evict", 3, clientFlags, syntax: "ON | OFF", "Accepted: nothing is evicted.",
            plan: ConnectionCommands.eitherWay),
        CommandSpec(
            "client|no-touch", 3, clientFlags, syntax: "ON | OFF",
            "Accepted: reads touch nothing.",
            plan: ConnectionCommands.eitherWay),
        CommandSpec(
            "client|reply", 3, clientFlags, syntax: "ON", "Accepted; OFF and SKIP are refused.",
            plan: ConnectionCommands.setReplies),
        CommandSpec(
            "client|tracking", -3, clientFlags, syntax: "OFF", "Accepted; ON is refused.",
            plan: ConnectionCommands.setTracking),
        help(of: "client"),
    ]

    /// The HELP of a command with subcommands.
    static func help(of name: String) -> CommandSpec {
        CommandSpec("\(name)|help", 2, "loading stale", "This text.", plan: ServerCommands.help)
    }

    static let keyCommands: [CommandSpec] = [
        CommandSpec("get", 2, "readonly fast", keys: .one, syntax: "key", "A key's value.") {
            .read($0[1], as: .value)
        },
        CommandSpec(
            "set", -3, "write denyoom", keys: .one,
            syntax: "key value [EX seconds | PX ms | EXAT time | PXAT time-ms]",
            "Writes a value over what the coordinator knows. NX, XX, GET and KEEPTTL are refused.",
            plan: StringCommands.set),
        CommandSpec(
            "setex", 4, "write denyoom", keys: .one, syntax: "key seconds value",
            "Writes a value that expires.",
            plan: StringCommands.setSeconds),
        CommandSpec(
            "psetex", 4, "write denyoom", keys: .one, syntax: "key ms value",
            "Writes a value that expires.",
            plan: StringCommands.setMilliseconds),
        CommandSpec(
            "mget", -2, "readonly fast", keys: .all, syntax: "key [key …]", "Several keys' values.",
            plan: MultiKeyCommands.get),
        CommandSpec(
            "mset", -3, "write denyoom", keys: .pairs, syntax: "key value [key value …]",
            "Writes several values; not atomic.",
            plan: MultiKeyCommands.set),
        CommandSpec(
            "del", -2, "write", keys: .all, syntax: "key [key …]",
            "Deletes keys; how many had a value.",
            plan: MultiKeyCommands.delete),
        CommandSpec(
            "unlink", -2, "write fast", keys: .all, syntax: "key [key …]", "The same as DEL.",
            plan: MultiKeyCommands.delete),
        CommandSpec(
            "exists", -2, "readonly fast", keys: .all, syntax: "key [key …]",
            "How many of the keys have a value.",
            plan: MultiKeyCommands.count),
        CommandSpec(
            "strlen", 2, "readonly fast", keys: .one, syntax: "key", "The length of a value."
        ) { .read($0[1], as: .length) },
        CommandSpec(
            "type", 2, "readonly fast", keys: .one, syntax: "key", "string, or none."
        ) { .read($0[1], as: .type) },
        CommandSpec(
            "ttl", 2, "readonly fast", keys: .one, syntax: "key",
            "Seconds until a value expires."
        ) { .read($0[1], as: .remaining(inMilliseconds: false)) },
        CommandSpec(
            "pttl", 2, "readonly fast", keys: .one, syntax: "key",
            "Milliseconds until a value expires."
        ) { .read($0[1], as: .remaining(inMilliseconds: true)) },
    ]
}
