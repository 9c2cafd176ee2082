// `martlet start`: one node, until it is told to stop.
internal import ArgumentParser
internal import Glibc
internal import Logging
internal import MartletServer

/// Runs a node.
struct Start: ParsableCommand {
    /// What `martlet help start` says.
    static let configuration = CommandConfiguration(
        abstract: "Run one node of a cluster.",
        discussion: """
            The node serves until it gets SIGTERM or SIGINT (Ctrl-C), then stops cleanly: it \
            refuses new requests, makes durable what it has acknowledged, and exits with 0. \
            Messages go to standard error; where nobody takes them there they are dropped and \
            counted, and the node goes on.

            A node of a new cluster waits for 'martlet create', which is given once, to any node, \
            when all of them run. One that is to join a cluster is started with seeds of it, and \
            waits for 'martlet cluster join'.

            A node whose disk is lost goes on with an empty directory, its old name and \
            '--in-place-of' its identity: what it held comes back to it from the others.

            Example:
              martlet start --config conf/martlet.yaml \\
                --set node.name=n2 --set node.data=/var/lib/martlet/n2 \\
                --set clients.listen=127.0.0.1:7410 --set peers.listen=127.0.0.1:7411
            """)

    /// The configuration file.
    @Option(
        name: .shortAndLong,
        help: "The configuration, a YAML file. conf/martlet.yaml explains every key.")
    var config: String

    /// Settings in place of the file's.
    @Option(
        help: ArgumentHelp(
            "A setting in place of the file's, such as node.name=n2; may be repeated.",
            valueName: "key=value"))
    var set: [String] = []

    /// The identity of the node that lost its disk.
    @Option(
        help: ArgumentHelp(
            "Go on as the node with this identity, whose disk is lost, on an empty one.",
            discussion:
                "'martlet ring --json' shows it; conf/martlet.yaml has more at node.in_place_of.",
            valueName: "node-id"))
    var inPlaceOf: String?

    /// Whether the configuration is all that is wanted.
    @Flag(help: "Read the configuration, say what is wrong with it, and do not start.")
    var check = false

    /// Whether the end of standard input stops the node.
    @Flag(help: .hidden)
    var stopWithStdin = false

    /// A start that was not parsed yet.
    init() {}

    /// Serves until it is told to stop.
    func run() throws {
        let place = inPlaceOf.map { ["node.in_place_of=\($0)"] } ?? []
        let configuration = try ServerConfiguration.load(path: config, overrides: set + place)
        if check { return Console.line("\(config) is correct") }
        let output = LogOutput()
        defer { output.drain(within: Console.patience) }
        var log = Logger(label: "martlet") { NodeLog(label: $0, output: output) }
        log.logLevel = configuration.logLevel
        if stopWithStdin { StandardInputWatch.start() }
        try Server.run(configuration, log: log)
    }
}

/// Stops the process when its standard input ends: a parent that holds the other end of the pipe
/// takes the node with it however it dies.
private enum StandardInputWatch {
    static func start() {
        var thread = pthread_t()
        let problem = unsafe pthread_create(
            &thread, nil,
            { _ in
                var byte: UInt8 = 0
                while true {
                    let count = unsafe read(STDIN_FILENO, &byte, 1)
                    if count == 0 || (count < 0 && errno != EINTR) { break }
                }
                kill(getpid(), SIGTERM)
                return nil
            }, nil)
        if problem == 0 { pthread_detach(thread) }
    }
}
