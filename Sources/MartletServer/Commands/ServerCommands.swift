// COMMAND, CONFIG and the HELP texts: what the command table and the settings look like to Redis's
// own tools.
internal import MartletBase
internal import MartletRESP

enum ServerCommands {
    /// `COMMAND INFO [name …]`.
    static func shapes(_ call: CommandCall) -> CommandPlan {
        .show(.commandShapes(names(in: call)))
    }

    /// `COMMAND DOCS [name …]`.
    static func documents(_ call: CommandCall) -> CommandPlan {
        .show(.commandDocuments(names(in: call)))
    }

    private static func names(in call: CommandCall) -> [Keyword]? {
        call.count == 2 ? nil : call.words.dropFirst(2).map { Keyword($0) }
    }

    /// `COMMAND COUNT`.
    static func count(_: CommandCall) -> CommandPlan {
        .reply(.integer(Int64(CommandTable.commands.count)))
    }

    /// `COMMAND LIST`.
    static func list(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        guard call.count == 2 else { throw .syntax }
        return .reply(.array(CommandTable.commands.map { .bulk(Bytes(text: $0.name)) }))
    }

    /// `COMMAND GETKEYS command [argument …]`.
    static func keys(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        let inner = Array(call.words.dropFirst(2))
        guard let spec = CommandTable.find(Keyword(inner[0]), in: CommandTable.commands) else {
            throw CommandError("Invalid command specified")
        }
        guard spec.keys != .none else { throw CommandError("The command has no key arguments") }
        guard spec.accepts(inner.count) else {
            throw CommandError("Invalid number of arguments specified for command")
        }
        return .reply(.array(spec.keys.keys(of: inner).map { .bulk($0) }))
    }

    /// `CLIENT HELP` and the like.
    static func help(_ call: CommandCall) -> CommandPlan {
        let spec = CommandTable.find(Keyword(call[0]), in: CommandTable.commands)
        let name = Keyword(call[0]).description
        var lines = ["\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        for subcommand in spec?.subcommands ?? [] {
            let syntax = subcommand.syntax.isEmpty ? "" : " \(subcommand.syntax)"
            lines.append("\(subcommand.keyword)\(syntax)")
            lines.append("    \(subcommand.summary)")
        }
        return .reply(.array(lines.map { .simple($0) }))
    }

    /// `CONFIG GET pattern …`: what Redis's tools ask for, as it holds here. The node's own
    /// settings are in its configuration file.
    static func readSettings(_ call: CommandCall) -> CommandPlan {
        let patterns = call.words.dropFirst(2).map { GlobPattern($0) }
        let asked = settings.filter { setting in
            patterns.contains { $0.matches(Bytes(text: setting.name)) }
        }
        return .reply(
            .map(
                asked.map { setting in
                    RESPPair(.bulk(Bytes(text: setting.name)), .bulk(Bytes(text: setting.value)))
                }))
    }

    /// `CONFIG SET name value …`.
    static func changeSettings(_: CommandCall) throws(CommandError) -> CommandPlan {
        throw .unsupported(
            "CONFIG SET", "change the node's configuration file and restart the node")
    }

    private static let settings: [(name: String, value: String)] = [
        // Every accepted write goes to a log; there are no snapshots.
        ("appendonly", "yes"),
        ("cluster-enabled", "yes"),
        ("databases", "1"),
        ("maxmemory", "0"),
        ("maxmemory-policy", "noeviction"),
        ("proto-max-bulk-len", "\(RESPLimits().bulkByteLimit)"),
        ("save", ""),
        ("timeout", "0"),
    ]
}

extension ClientSession {
    /// Tells the entries that cluster clients find keys by, of the commands called `names`, or of
    /// all.
    func showShapes(of names: [Keyword]?) {
        let specs: [CommandSpec?] =
            names.map { $0.map { CommandTable.find($0, in: CommandTable.commands) } }
            ?? CommandTable.commands
        reply { writer in
            writer.writeArrayHeader(specs.count)
            for spec in specs {
                if let spec { Self.write(spec, to: &writer) } else { writer.writeNullArray() }
            }
        }
    }

    private static func write(_ spec: CommandSpec, to writer: inout ReplyWriter) {
        let flags = spec.flags.split(separator: " ")
        writer.writeArrayHeader(10)
        writer.writeBulk(spec.name)
        writer.writeInteger(spec.arity)
        writer.writeSetHeader(flags.count)
        for flag in flags { writer.writeSimple(String(flag)) }
        writer.writeInteger(spec.keys.first)
        writer.writeInteger(spec.keys.last)
        writer.writeInteger(spec.keys.step)
        // ACL categories, tips and key specifications: there are none.
        writer.writeSetHeader(0)
        writer.writeArrayHeader(0)
        writer.writeArrayHeader(0)
        writer.writeArrayHeader(spec.subcommands.count)
        for subcommand in spec.subcommands { write(subcommand, to: &writer) }
    }

    /// Tells what the commands called `names` do, or all.
    func showDocuments(of names: [Keyword]?) {
        let specs =
            names.map { $0.compactMap { CommandTable.find($0, in: CommandTable.commands) } }
            ?? CommandTable.commands
        reply { Self.writeDocs(specs, to: &$0) }
    }

    private static func writeDocs(_ specs: [CommandSpec], to writer: inout ReplyWriter) {
        writer.writeMapHeader(specs.count)
        for spec in specs {
            writer.writeBulk(spec.name)
            writer.writeMapHeader(spec.subcommands.isEmpty ? 3 : 4)
            writer.writeBulk("summary")
            writer.writeBulk(spec.summary)
            writer.writeBulk("since")
            writer.writeBulk(CommandTable.since)
            writer.writeBulk("group")
            writer.writeBulk(spec.keys == .none ? "server" : "string")
            if !spec.subcommands.isEmpty {
                writer.writeBulk("subcommands")
                writeDocs(spec.subcommands, to: &writer)
            }
        }
    }
}
