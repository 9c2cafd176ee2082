// The table's rows, by group. A row's closure only names what runs the command.
internal import MartletBase
internal import MartletRESP

extension CommandTable {
    static let connectionCommands: [CommandSpec] = [
        CommandSpec(
            "ping", -1, "fast", syntax: "[message]",
            "Answers PONG, or the message, of 1 MiB at most."
        ) { (session, words) throws(CommandError) in try session.ping(words) },
        CommandSpec(
            "echo", 2, "loading stale fast", syntax: "message",
            "Answers the message, of 1 MiB at most."
        ) { (session, words) throws(CommandError) in try session.echo(words[1]) },
        CommandSpec(
            "hello", -1, "noscript loading stale fast no_auth",
            syntax: "[version [AUTH user password] [SETNAME name]]",
            "Agrees on the protocol: 2 or 3."
        ) { (session, words) throws(CommandError) in try session.hello(words) },
        CommandSpec(
            "auth", -2, "noscript loading stale fast no_auth", syntax: "default password",
            "Accepted for the user default, whatever the password: nodes have none."
        ) { (session, words) throws(CommandError) in try session.auth(words) },
        CommandSpec("select", 2, "loading stale fast", syntax: "0", "Selects the one database.") {
            (session, words) throws(CommandError) in try session.select(words)
        },
        CommandSpec("quit", -1, "noscript loading stale fast no_auth", "Closes the connection.") {
            session, _ in session.quit()
        },
        CommandSpec(
            "reset", 1, "noscript loading stale fast no_auth",
            "Puts the connection back to its beginning."
        ) { session, _ in session.reset() },
        accepted("readonly", "Accepted: every node serves reads."),
        accepted("readwrite", "Accepted: every node serves writes."),
        accepted("asking", "Accepted: no node redirects."),
        CommandSpec(
            "client", -2, "", "Facts and settings of connections.", subcommands: clientCommands
        ) { _, _ in },
    ]

    static let transactionCommands: [CommandSpec] = [
        CommandSpec(
            "multi", 1, "noscript loading stale fast",
            "Holds back what follows, up to EXEC or DISCARD: there are no transactions."
        ) { (session, _) throws(CommandError) in try session.multi() },
        CommandSpec(
            "exec", 1, "noscript loading stale",
            "Says that nothing since MULTI was carried out."
        ) { (session, _) throws(CommandError) in try session.exec() },
        CommandSpec("discard", 1, "noscript loading stale fast", "Ends what MULTI began.") {
            (session, _) throws(CommandError) in try session.discard()
        },
        CommandSpec(
            "watch", -2, "noscript loading stale fast", keys: .all, syntax: "key [key …]",
            "Refused: there are no transactions."
        ) { (session, _) throws(CommandError) in try session.watch() },
        accepted("unwatch", "Accepted: nothing is watched."),
    ]

    /// A command that changes nothing, since what it asks for always holds.
    private static func accepted(_ name: String, _ summary: String) -> CommandSpec {
        CommandSpec(name, 1, "loading stale fast", summary) { session, _ in
            session.reply { $0.writeOK() }
        }
    }

    private static let clientFlags = "noscript loading stale"

    private static let clientCommands: [CommandSpec] = [
        CommandSpec("client|id", 2, clientFlags, "The connection's number.") { session, _ in
            session.reply { $0.writeInteger(session.id) }
        },
        CommandSpec("client|info", 2, clientFlags, "This connection.") { session, _ in
            session.clientInfo()
        },
        CommandSpec("client|list", -2, clientFlags, "Every connection of this node.") {
            (session, words) throws(CommandError) in try session.clientList(words)
        },
        CommandSpec("client|getname", 2, clientFlags, "The connection's name.") { session, _ in
            session.clientGetName()
        },
        CommandSpec("client|setname", 3, clientFlags, syntax: "name", "Names the connection.") {
            (session, words) throws(CommandError) in try session.clientSetName(words)
        },
        CommandSpec(
            "client|setinfo", 4, clientFlags, syntax: "LIB-NAME name | LIB-VER version",
            "Notes which library the client uses."
        ) { (session, words) throws(CommandError) in try session.clientSetInfo(words) },
        CommandSpec(
            "client|no-evict", 3, clientFlags, syntax: "ON | OFF", "Accepted: nothing is evicted."
        ) { (session, words) throws(CommandError) in try session.clientSwitch(words) },
        CommandSpec(
            "client|no-touch", 3, clientFlags, syntax: "ON | OFF",
            "Accepted: reads touch nothing."
        ) { (session, words) throws(CommandError) in try session.clientSwitch(words) },
        CommandSpec(
            "client|reply", 3, clientFlags, syntax: "ON", "Accepted; OFF and SKIP are refused."
        ) { (session, words) throws(CommandError) in try session.clientReply(words) },
        CommandSpec(
            "client|tracking", -3, clientFlags, syntax: "OFF", "Accepted; ON is refused."
        ) { (session, words) throws(CommandError) in try session.clientTracking(words) },
        help(of: "client"),
    ]

    /// The HELP of a command with subcommands.
    static func help(of name: String) -> CommandSpec {
        CommandSpec("\(name)|help", 2, "loading stale", "This text.") { session, words in
            session.help(words)
        }
    }

    static let keyCommands: [CommandSpec] = [
        CommandSpec("get", 2, "readonly fast", keys: .one, syntax: "key", "A key's value.") {
            session, words in session.get(words, as: .value)
        },
        CommandSpec(
            "set", -3, "write denyoom", keys: .one,
            syntax: "key value [EX seconds | PX ms | EXAT time | PXAT time-ms]",
            "Writes a value over what the coordinator knows. NX, XX, GET and KEEPTTL are refused."
        ) { (session, words) throws(CommandError) in try session.set(words) },
        CommandSpec(
            "setex", 4, "write denyoom", keys: .one, syntax: "key seconds value",
            "Writes a value that expires."
        ) { (session, words) throws(CommandError) in
            try session.setExpiring(words, command: "setex", unit: .seconds)
        },
        CommandSpec(
            "psetex", 4, "write denyoom", keys: .one, syntax: "key ms value",
            "Writes a value that expires."
        ) { (session, words) throws(CommandError) in
            try session.setExpiring(words, command: "psetex", unit: .milliseconds)
        },
        CommandSpec(
            "mget", -2, "readonly fast", keys: .all, syntax: "key [key …]", "Several keys' values."
        ) { (session, words) throws(CommandError) in try session.gather(words, as: .values) },
        CommandSpec(
            "mset", -3, "write denyoom", keys: .pairs, syntax: "key value [key value …]",
            "Writes several values; not atomic."
        ) { (session, words) throws(CommandError) in try session.gather(words, as: .stored) },
        CommandSpec(
            "del", -2, "write", keys: .all, syntax: "key [key …]",
            "Deletes keys; how many had a value."
        ) { (session, words) throws(CommandError) in
            try session.gather(words, as: .replacedCount)
        },
        CommandSpec(
            "unlink", -2, "write fast", keys: .all, syntax: "key [key …]", "The same as DEL."
        ) { (session, words) throws(CommandError) in
            try session.gather(words, as: .replacedCount)
        },
        CommandSpec(
            "exists", -2, "readonly fast", keys: .all, syntax: "key [key …]",
            "How many of the keys have a value."
        ) { (session, words) throws(CommandError) in
            try session.gather(words, as: .presentCount)
        },
        CommandSpec(
            "strlen", 2, "readonly fast", keys: .one, syntax: "key", "The length of a value."
        ) { session, words in session.get(words, as: .length) },
        CommandSpec(
            "type", 2, "readonly fast", keys: .one, syntax: "key", "string, or none."
        ) { session, words in session.get(words, as: .type) },
        CommandSpec(
            "ttl", 2, "readonly fast", keys: .one, syntax: "key",
            "Seconds until a value expires."
        ) { session, words in session.get(words, as: .remaining(inMilliseconds: false)) },
        CommandSpec(
            "pttl", 2, "readonly fast", keys: .one, syntax: "key",
            "Milliseconds until a value expires."
        ) { session, words in session.get(words, as: .remaining(inMilliseconds: true)) },
    ]
}
