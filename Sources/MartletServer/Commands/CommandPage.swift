// The page of the documentation that says which commands there are, made from the table that
// dispatches them, and which of Redis's there are not.

/// The text of COMMANDS.md.
package enum CommandPage {
    /// All of it.
    package static var text: String {
        let groups = CommandTable.groups.map { group in
            "## \(group.title)\n\n| command | what it does |\n|---|---|\n"
                + group.commands.flatMap(rows).joined()
        }
        let refused = RefusedCommands.all.map { group in
            let names = group.names.uppercased().split(separator: " ")
                .map { "`\($0)`" }.joined(separator: ", ")
            return "- \(names): \(group.reason).\n"
        }
        return ([introduction] + groups + [refusalTitle + refused.joined()])
            .joined(separator: "\n")
    }

    private static let introduction = """
        # Commands

        What a node answers at its client port, over RESP2 and RESP3. Plain commands behave as \
        users of Redis
        expect; what cannot is refused with the reason, and has no effect. Made from the table \
        that
        dispatches the commands; a test holds the two together.

        """

    private static let refusalTitle = """
        ## What Redis has, and nodes refuse

        Each is answered with the reason that stands here.


        """

    /// A row for the command, or one for each of its subcommands.
    private static func rows(_ command: CommandSpec) -> [String] {
        if !command.subcommands.isEmpty {
            let own = command.accepts(1) ? [row(command)] : []
            return own + command.subcommands.map(row)
        }
        return [row(command)]
    }

    private static func row(_ command: CommandSpec) -> String {
        let name = command.name.uppercased().replacing("|", with: " ")
        let syntax = command.syntax.isEmpty ? name : "\(name) \(command.syntax)"
        return "| `\(syntax.replacing("|", with: "\\|"))` | \(command.summary) |\n"
    }
}
