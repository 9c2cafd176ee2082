// `martlet storage`: looking at the data directory of a stopped node. Nothing here talks to a node,
// and nothing changes a file; changing the number of shards is a file of its own.
internal import ArgumentParser
internal import MartletServer
internal import MartletViews

/// Looks at data directories, and divides them anew.
struct Storage: ParsableCommand {
    /// What `martlet help storage` says.
    static let configuration = CommandConfiguration(
        abstract: "Look at the data directory of a stopped node, or change its shards.",
        discussion: """
            Looking changes nothing; only 'reshard' does. Any directory can be looked at: a \
            damaged one, a half-made one, an empty one, one of another version. One on which a \
            node runs is refused with 3 and the process that holds it, and a directory that is \
            not there with 2.

            Examples:
              martlet storage inspect /var/lib/martlet/n1
              martlet storage verify /var/lib/martlet/n1 && echo intact
              martlet storage dump /var/lib/martlet/n1 --key cart:42 --values
            """,
        subcommands: [
            StorageInspect.self, StorageVerify.self, StorageDump.self, StorageReshard.self,
        ])

    /// A group without a command: shows the help.
    init() {}
}

/// What the commands of `martlet storage` have in common.
struct DirectoryOptions: ParsableArguments {
    /// The data directory.
    @Argument(
        help: "The data directory: node.data of the node's configuration.",
        completion: .directory)
    var directory: String

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// A directory that was not parsed yet.
    init() {}

    /// Opens it.
    func open() throws -> StorageDirectory { try StorageDirectory(directory) }
}

/// Shows what is in a data directory.
struct StorageInspect: ParsableCommand {
    /// What `martlet help storage inspect` says.
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show the files, levels, tables and log of a data directory.",
        discussion: """
            Tables are read at their ends and log files whole; 'martlet storage verify' reads \
            every block. A file's use is data, leftover (it goes when a node next starts) or none. \
            A place in the order of keys is space/partition/hash.

            Examples:
              martlet storage inspect /var/lib/martlet/n1
              martlet storage inspect --json /var/lib/martlet/n1 | jq '.levels'
            """)

    @OptionGroup var options: DirectoryOptions

    /// An inspection that was not parsed yet.
    init() {}

    /// Looks and prints what there is.
    func run() throws {
        let view = try options.open().survey()
        Console.lines(options.json ? [JSONText.lines(view)] : InspectionText.lines(view))
    }
}

/// Reads every byte of a data directory.
struct StorageVerify: ParsableCommand {
    /// What `martlet help storage verify` says.
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read and check every block of a data directory.",
        discussion: """
            Exits with 0 when all that was written reads back, with 1 when something is damaged or \
            a node would not start on the directory. A torn end of the log is no damage: a crash \
            left it, and nobody was told that it was written.

            Example:
              martlet storage verify /var/lib/martlet/n1 || echo 'replace this node'
            """)

    @OptionGroup var options: DirectoryOptions

    /// A check that was not parsed yet.
    init() {}

    /// Reads everything, says how far it is on a terminal, and prints what came of it.
    func run() throws {
        let directory = try options.open()
        let view = directory.verify { progress in
            Console.progress(VerificationText.line(progress))
        }
        Console.progress(nil)
        Console.lines(options.json ? [JSONText.lines(view)] : VerificationText.lines(view))
        if !view.intact { throw CommandStatus.failed }
    }
}

extension EntrySelection.Space: ExpressibleByArgument {}

/// Prints the entries of a data directory.
struct StorageDump: ParsableCommand {
    /// What `martlet help storage dump` says.
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Print the entries of a data directory in key order.",
        discussion: """
            What is printed is what a node would answer from if it started now: the log's entries \
            over those of the tables. Blocks that do not read back are passed over and told on \
            standard error; they, and entries that are not readable, make the exit status 1. With \
            --json each line is one object. Bytes that are not UTF-8 are printed as 0x and \
            hexadecimal digits, or as keyBase64 and valueBase64 in JSON.

            Examples:
              martlet storage dump /var/lib/martlet/n1 --space state
              martlet storage dump /var/lib/martlet/n1 --json --partition 17 | jq .key
            """)

    @OptionGroup var options: DirectoryOptions

    /// The space.
    @Option(help: "Only objects, hints, removable, trees, or the node's own state.")
    var space: EntrySelection.Space?

    /// The partition.
    @Option(help: "Only this partition.")
    var partition: UInt16?

    /// The key.
    @Option(help: "Only this key, or state entry of this name. Quick together with --partition.")
    var key: String?

    /// How many.
    @Option(help: "Stop after this many entries.")
    var limit: Int?

    /// Whether values are printed.
    @Flag(help: "Print values, not just their lengths.")
    var values = false

    /// A dump that was not parsed yet.
    init() {}

    /// Refuses a limit that is none.
    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
    }

    /// Prints entry after entry.
    func run() throws {
        var selection = EntrySelection()
        selection.space = space
        selection.partition = partition
        selection.key = key.map { Array($0.utf8) }
        let entries = try options.open().entries(selection)
        var count = 0
        var isWhole = true
        while count < limit ?? .max {
            let entry = entries.next()
            for damage in entries.takeDamage() {
                Console.error("martlet: passed over \(damage)")
                isWhole = false
            }
            guard let entry else { break }
            if case .unreadable = entry.content { isWhole = false }
            try show(entry)
            count += 1
        }
        if !isWhole { throw CommandStatus.failed }
    }

    private func show(_ entry: StoredEntry) throws {
        if options.json {
            Console.write(
                JSONText.line(StoredEntryJSON(entry, values: values)) + [UInt8(ascii: "\n")])
        } else {
            Console.lines(StoredEntryText.lines(entry, values: values))
        }
    }
}
