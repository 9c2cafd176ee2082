// COMMAND, CONFIG and the HELP texts: what the command table and the settings look like to Redis's
// own tools.
internal import MartletBase
internal import MartletRESP

extension ClientSession {
    /// `COMMAND`, `COMMAND INFO name …`: the entries that cluster clients find keys by.
    func commandInfo(_ names: ArraySlice<Bytes>?) {
        let specs: [CommandSpec?] =
            names.map { $0.map { CommandTable.find(Keyword($0), in: CommandTable.commands) } }
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

    /// `COMMAND DOCS [name …]`.
    func commandDocs(_ words: [Bytes]) {
        let specs =
            words.count == 2
            ? CommandTable.commands
            : words.dropFirst(2).compactMap {
                CommandTable.find(Keyword($0), in: CommandTable.commands)
            }
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

    /// `COMMAND LIST`.
    func commandList(_ words: [Bytes]) throws(CommandError) {
        guard words.count == 2 else { throw .syntax }
        reply { writer in
            writer.writeArrayHeader(CommandTable.commands.count)
            for spec in CommandTable.commands { writer.writeBulk(spec.name) }
        }
    }

    /// `COMMAND GETKEYS command [argument …]`.
    func commandGetKeys(_ words: [Bytes]) throws(CommandError) {
        let inner = Array(words.dropFirst(2))
        guard let spec = CommandTable.find(Keyword(inner[0]), in: CommandTable.commands) else {
            throw CommandError("Invalid command specified")
        }
        guard spec.keys != .none else { throw CommandError("The command has no key arguments") }
        guard spec.accepts(inner.count) else {
            throw CommandError("Invalid number of arguments specified for command")
        }
        let keys = spec.keys.keys(of: inner)
        reply { writer in
            writer.writeArrayHeader(keys.count)
            for key in keys { writer.writeBulk(key) }
        }
    }

    /// `CLIENT HELP` and the like.
    func help(_ words: [Bytes]) {
        let spec = CommandTable.find(Keyword(words[0]), in: CommandTable.commands)
        let name = Keyword(words[0]).description
        var lines = ["\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        for subcommand in spec?.subcommands ?? [] {
            let syntax = subcommand.syntax.isEmpty ? "" : " \(subcommand.syntax)"
            lines.append("\(subcommand.keyword)\(syntax)")
            lines.append("    \(subcommand.summary)")
        }
        reply { writer in
            writer.writeArrayHeader(lines.count)
            for line in lines { writer.writeSimple(line) }
        }
    }

    /// `CONFIG GET pattern …`: what Redis's tools ask for, as it holds here. The node's own
    /// settings are in its configuration file.
    func configGet(_ words: [Bytes]) {
        let patterns = words.dropFirst(2).map { GlobPattern($0) }
        let settings = Self.settings.filter { setting in
            patterns.contains { $0.matches(Bytes(text: setting.name)) }
        }
        reply { writer in
            writer.writeMapHeader(settings.count)
            for setting in settings {
                writer.writeBulk(setting.name)
                writer.writeBulk(setting.value)
            }
        }
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
