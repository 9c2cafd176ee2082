// `martlet cluster`: nodes join and leave. Changes are staged at one node, planned, and committed.
internal import ArgumentParser
internal import MartletClient
internal import MartletLocal
internal import MartletViews

/// Changes the ring.
struct Cluster: ParsableCommand {
    /// What `martlet help cluster` says.
    static let configuration = CommandConfiguration(
        abstract: "Have nodes join, leave or be replaced: stage changes, look at the plan, commit.",
        discussion: """
            Changes are staged at the node asked, and nothing happens until they are committed: \
            then the members of the ring decide on all of them at once, and partitions begin to \
            move. Reads and writes go on meanwhile. What is staged is that node's alone: give the \
            same --node each time.

            A node joins that runs with this cluster's name and seeds: 'martlet ring' lists it.

            Example:
              martlet cluster join n4
              martlet cluster plan
              martlet cluster commit --epoch 2
              martlet transfers --watch
            """,
        subcommands: [
            ClusterJoin.self, ClusterLeave.self, ClusterReplace.self, ClusterRemove.self,
            ClusterWeight.self, ClusterZone.self, ClusterReplicas.self, ClusterPlan.self,
            ClusterCommit.self, ClusterClear.self, ClusterCancel.self,
        ])

    /// A group without a command: shows the help.
    init() {}
}

/// The options of each of these commands.
struct ChangeOptions: ParsableArguments {
    @OptionGroup var node: NodeOptions

    /// Whether the output is for programs.
    @Flag(help: "Print JSON.")
    var json = false

    /// The demo's nodes, and text.
    init() {}

    /// Stages `change`, and tells all that is staged.
    func stage(_ change: ClusterChange) async throws {
        let staged = try await node.withClient { client in try await client.stage(change) }
        show(StagedChanges(staged: staged), ClusterText.lines(staged: staged))
    }

    /// Prints a value for programs, or lines for people.
    func show(_ value: some Encodable, _ lines: [String]) {
        Console.lines(json ? [JSONText.lines(value)] : lines)
    }
}

/// What programs are told after a change was staged.
struct StagedChanges: Codable, Hashable, Sendable {
    /// All that is staged, in words.
    var staged: [String]
}

/// What programs are told after the members have decided.
struct DecidedChange: Codable, Hashable, Sendable {
    /// The epoch that the ring has.
    var epoch: UInt64
    /// How many partitions move.
    var moving: Int
}

/// `martlet cluster join`.
struct ClusterJoin: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract:
            "Stage that a node joins: one that runs, knows this cluster, and has no part yet.",
        discussion: """
            The weight and the zone are those of the node's configuration. A node that has left \
            before joins as a new one, with an empty data directory.
            """)

    @OptionGroup var options: ChangeOptions

    /// Whom.
    @Argument(help: "The node's name, or its identity where several have the name.")
    var name: String

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws { try await options.stage(.join(name)) }
}

/// `martlet cluster leave`.
struct ClusterLeave: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "leave",
        abstract: "Stage that a member leaves, and others get what it is a home of.",
        discussion: """
            Say 'leave' of a node that runs: it serves, and hands over what it holds, until all of \
            it is elsewhere; stop it when 'martlet ring' lists it no more as of the ring. Say \
            'remove' of one that is gone for good, which is not waited for.
            """)

    @OptionGroup var options: ChangeOptions

    /// Whom.
    @Argument(help: "The member's name or identity.")
    var name: String

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws { try await options.stage(.leave(name)) }
}

/// `martlet cluster remove`.
struct ClusterRemove: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Stage that a member is gone for good.",
        discussion: """
            What it held is copied from the other homes, which must have a majority. A node whose \
            disk alone is lost need not be removed: it goes on with 'martlet start --in-place-of'.
            """)

    @OptionGroup var options: ChangeOptions

    /// Whom.
    @Argument(help: "The member's name or identity.")
    var name: String

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws { try await options.stage(.remove(name)) }
}

/// `martlet cluster replace`.
struct ClusterReplace: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "replace",
        abstract: "Stage that a node takes the place of a member: cheaper than to leave and join.")

    @OptionGroup var options: ChangeOptions

    /// Who leaves.
    @Argument(help: "The member that leaves.")
    var old: String

    /// Who joins.
    @Argument(help: "The node that takes its place.")
    var new: String

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws { try await options.stage(.replace(old, by: new)) }
}

/// `martlet cluster weight`.
struct ClusterWeight: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "weight",
        abstract: "Stage a member's weight: its share of the data relative to the others'.")

    @OptionGroup var options: ChangeOptions

    /// Whose.
    @Argument(help: "The member's name or identity.")
    var name: String

    /// How much.
    @Argument(help: "1 or more; a member of weight 2 holds twice as much as one of weight 1.")
    var weight: UInt32

    /// Words that were not parsed yet.
    init() {}

    /// Refuses what no member can weigh.
    func validate() throws {
        guard weight >= 1 else {
            throw ValidationError("a weight is 1 or more; 'martlet cluster leave' takes all")
        }
    }

    /// Asks the node.
    func run() async throws { try await options.stage(.weigh(name, weight: weight)) }
}

/// `martlet cluster zone`.
struct ClusterZone: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "zone",
        abstract: "Stage in which zone a member stands: homes are spread over as many as there are."
    )

    @OptionGroup var options: ChangeOptions

    /// Whose.
    @Argument(help: "The member's name or identity.")
    var name: String

    /// Which.
    @Argument(help: "What fails together with it; '' for no zone.")
    var zone: String

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws { try await options.stage(.rezone(name, zone: zone)) }
}

/// `martlet cluster replicas`.
struct ClusterReplicas: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "replicas",
        abstract: "Stage n: how many home replicas each key has.")

    @OptionGroup var options: ChangeOptions

    /// N.
    @Argument(help: "1 to 32. More survive more failures and cost more.")
    var count: Int

    /// Words that were not parsed yet.
    init() {}

    /// Refuses numbers that no cluster can have.
    func validate() throws {
        guard (1...32).contains(count) else { throw ValidationError("n must be 1 to 32") }
    }

    /// Asks the node.
    func run() async throws { try await options.stage(.replicas(count)) }
}

/// `martlet cluster plan`.
struct ClusterPlan: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the staged changes come to. Nothing happens yet.",
        discussion: """
            Who gains and loses how many partitions, who can fill whom, how many copies that is \
            and how few it could be, and how many homes of a key may be down before, meanwhile and \
            afterwards while writes still find a majority of them.
            """)

    @OptionGroup var options: ChangeOptions

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws {
        let plan = try await options.node.withClient {
            try await $0.view(PlanView.self, ["MARTLET.CLUSTER", "PLAN"])
        }
        options.show(plan, ClusterText.lines(plan))
    }
}

/// `martlet cluster commit`.
struct ClusterCommit: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract: "Have the members decide on what is staged; partitions move from then on.",
        discussion: """
            More than half of the members must answer. Where another change was decided since, \
            and --epoch says what the plan was made for, nothing is committed: plan again.
            """)

    @OptionGroup var options: ChangeOptions

    /// What the plan said.
    @Option(help: "The epoch that the plan was made for, as it says: refused when it is another.")
    var epoch: UInt64?

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws {
        let decided = try await options.node.withClient { client in
            let epoch = try await client.commitStaged(epoch: epoch)
            return DecidedChange(epoch: epoch, moving: try await client.movingCount())
        }
        options.show(decided, ClusterText.lines(decided))
    }
}

/// `martlet cluster clear`.
struct ClusterClear: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "clear", abstract: "Forget what is staged.")

    @OptionGroup var options: ChangeOptions

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws {
        try await options.node.withClient { client in try await client.clearStaged() }
        options.show(StagedChanges(staged: []), ClusterText.lines(staged: []))
    }
}

/// `martlet cluster cancel`.
struct ClusterCancel: AsyncParsableCommand {
    /// What its help says.
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Have the members decide that what moves goes back to where it was.",
        discussion: """
            Nothing is lost: the homes before hold all that was written meanwhile. What has moved \
            already stays where it is; any change that is committed later evens shares out again.
            """)

    @OptionGroup var options: ChangeOptions

    /// Words that were not parsed yet.
    init() {}

    /// Asks the node.
    func run() async throws {
        let decided = try await options.node.withClient { client in
            let epoch = try await client.cancelMoves()
            return DecidedChange(epoch: epoch, moving: try await client.movingCount())
        }
        options.show(decided, ClusterText.lines(decided))
    }
}

extension MartletClient {
    /// How many partitions move, as the node knows it.
    func movingCount() async throws -> Int {
        try await view(RingView.self, ["MARTLET.RING"]).moving
    }
}
