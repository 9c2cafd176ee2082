// Which commands there are: name, arity, flags, where the keys stand, and what plans it. Dispatch,
// arity errors, COMMAND and the HELP subcommands all read this one table. GET and SET without
// options never come here.
internal import MartletBase
internal import MartletRESP

/// Where a command's keys stand among its words, as COMMAND tells clients.
struct KeyPositions: Hashable {
    var first: Int
    /// -1: the last word.
    var last: Int
    var step: Int

    static let none = KeyPositions(first: 0, last: 0, step: 0)
    static let one = KeyPositions(first: 1, last: 1, step: 1)
    static let all = KeyPositions(first: 1, last: -1, step: 1)
    static let pairs = KeyPositions(first: 1, last: -1, step: 2)

    /// The keys among `words`.
    func keys(of words: [Bytes]) -> [Bytes] {
        guard first > 0 else { return [] }
        let end = last < 0 ? words.count + last : min(last, words.count - 1)
        return first > end ? [] : stride(from: first, through: end, by: step).map { words[$0] }
    }
}

/// One command or subcommand.
struct CommandSpec: Sendable {
    /// In lower case; `parent|child` for a subcommand.
    let name: String
    /// What a client's word is compared with.
    let keyword: Keyword
    /// Words, the name included (and the subcommand's); at least so many when negative.
    let arity: Int
    /// Redis's flags, blank between.
    let flags: String
    /// Where the keys stand.
    let keys: KeyPositions
    /// The words after the name, for people.
    let syntax: String
    /// One sentence for people.
    let summary: String
    /// Sorted by keyword.
    let subcommands: [CommandSpec]
    /// What a call of it comes to; the arity is right already. Does nothing yet.
    let plan: Planning

    typealias Planning = @Sendable (CommandCall) throws(CommandError) -> CommandPlan

    init(
        _ name: String, _ arity: Int, _ flags: String, keys: KeyPositions = .none,
        syntax: String = "", _ summary: String, subcommands: [CommandSpec] = [],
        plan: @escaping Planning = needsSubcommand
    ) {
        self.name = name
        keyword = Keyword(Bytes(text: String(name.split(separator: "|").last ?? "")))
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.syntax = syntax
        self.summary = summary
        self.subcommands = subcommands.sorted { CommandTable.precedes($0.keyword, $1.keyword) }
        self.plan = plan
    }

    /// A command that always comes to the same.
    init(
        _ name: String, _ arity: Int, _ flags: String, syntax: String = "", _ summary: String,
        subcommands: [CommandSpec] = [], plan: CommandPlan
    ) {
        self.init(name, arity, flags, syntax: syntax, summary, subcommands: subcommands) { _ in
            plan
        }
    }

    /// Of a command that is nothing without a subcommand; its arity sees to it that there is one.
    private static func needsSubcommand(_ call: CommandCall) throws(CommandError) -> CommandPlan {
        throw .unknownSubcommand(call.words)
    }

    /// Whether `count` words are as many as the command takes.
    func accepts(_ count: Int) -> Bool {
        arity < 0 ? count >= -arity : count == arity
    }
}

/// All commands.
enum CommandTable {
    /// The Redis whose texts and replies are followed, for clients that ask.
    static let redisVersion = "7.0.15"
    /// The Martlet that first had a command.
    static let since = "0.1.0"

    /// By subject, as people read of them.
    static let groups: [(title: String, commands: [CommandSpec])] = [
        ("Keys and values", keyCommands), ("Causality and quorums", martletCommands),
        ("Transactions", transactionCommands), ("The connection", connectionCommands),
        ("The node", serverCommands), ("The ring, for cluster clients", clusterCommands),
    ]

    /// Sorted by keyword.
    static let commands: [CommandSpec] = groups.flatMap(\.commands)
        .sorted { precedes($0.keyword, $1.keyword) }

    /// What `command` comes to by `facts`.
    static func plan(
        _ command: RESPCommand, _ facts: any PlanningFacts
    ) throws(CommandError) -> CommandPlan {
        try resolve(command).plan(CommandCall(command.arguments, facts))
    }

    /// The row of `command`, its arity checked; where there is none, Redis's errors, or why not.
    private static func resolve(_ command: RESPCommand) throws(CommandError) -> CommandSpec {
        let words = command.arguments
        guard var spec = find(command.name, in: commands) else {
            throw RefusedCommands.reason(for: command.name).map {
                .refusedCommand(command.name, $0)
            } ?? .unknownCommand(words)
        }
        if !spec.subcommands.isEmpty, words.count > 1 {
            guard let subcommand = find(Keyword(words[1]), in: spec.subcommands) else {
                throw .unknownSubcommand(words)
            }
            spec = subcommand
        }
        guard spec.accepts(words.count) else { throw .wrongArity(spec.name) }
        return spec
    }

    /// The command called `name`; nil when there is none. O(log n).
    static func find(_ name: Keyword, in specs: [CommandSpec]) -> CommandSpec? {
        let index = specs.partitionIndex { precedes($0.keyword, name) }
        return index < specs.count && specs[index].keyword == name ? specs[index] : nil
    }

    /// The alphabet's order: a keyword's first byte is the lowest of its words.
    static func precedes(_ left: Keyword, _ right: Keyword) -> Bool {
        (left.low.byteSwapped, left.high.byteSwapped)
            < (right.low.byteSwapped, right.high.byteSwapped)
    }
}
