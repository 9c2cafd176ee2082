// The `martlet` command: its root, and how every command ends. What the commands do is in Commands.
internal import ArgumentParser
internal import Glibc
internal import MartletClient
internal import MartletLocal
internal import MartletServer
internal import MartletSimulator

/// The root of the command line.
@main
struct Martlet: AsyncParsableCommand {
    /// What `martlet --help` says.
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "An always-writable, leaderless key-value store that speaks the Redis protocol.",
        discussion: """
            Try it:          martlet demo
            Talk to it:      redis-cli -p 7400      martlet put greeting hello
            Run a node:      martlet start --config martlet.yaml
            Make a cluster:  martlet create --members 3      (once, when all nodes run)

            Exit status: 0 done; 1 not found, or failed; 2 the command line or the configuration \
            is wrong; 3 unavailable: no node answers, or too few replicas do, and trying again \
            later may help.
            """,
        version: "0.1.0",
        subcommands: [
            Demo.self, Start.self, Create.self, Ring.self, Members.self, Status.self, Get.self,
            Put.self, Delete.self, Cluster.self, Transfers.self, Explain.self, Repair.self,
            Storage.self, Simulate.self, Bench.self,
        ])

    /// A command without a subcommand: shows the help.
    init() {}

    /// Parses the command line, runs the command and exits with its status.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        if let status = error as? CommandStatus { Glibc.exit(status.rawValue) }
        if let (status, text) = explain(error) {
            // Lines that begin with a file and a line number stay as editors expect them.
            Console.error(error is ConfigurationError ? text : "martlet: \(text)")
            Glibc.exit(status.rawValue)
        }
        let code = exitCode(for: error)
        if code == .success {
            Console.line(fullMessage(for: error))
        } else {
            Console.error(fullMessage(for: error))
        }
        let isUsage = code == .validationFailure
        Glibc.exit(isUsage ? CommandStatus.usage.rawValue : code.rawValue)
    }

    /// The status and text of the project's own errors; nil for the argument parser's.
    static func explain(_ error: any Error) -> (CommandStatus, String)? {
        switch error {
        case let error as MartletError: (CommandStatus(error), error.description)
        case let error as ConfigurationError: (.usage, error.description)
        case let error as ScenarioError: (.usage, error.description)
        case let error as ServerError: (.failed, error.description)
        case let error as StorageDirectoryError: (CommandStatus(error), error.description)
        case let error as ShardChangeError: (CommandStatus(error), error.description)
        case let error as LocalFailure: (error.isUsage ? .usage : .failed, error.description)
        case let error as CommandFailure: (error.status, error.description)
        default: nil
        }
    }
}
