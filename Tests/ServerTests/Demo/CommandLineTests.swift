// What the command line accepts, what it refuses, and how commands end.
import ArgumentParser
import MartletClient
import MartletServer
import Testing

@testable import martlet

@Suite("Command line")
struct CommandLineTests {
    @Test("A read takes its knobs")
    func get() throws {
        let command = try #require(
            Martlet.parseAsRoot([
                "get", "k", "--r", "all", "--pr", "1", "--n", "3", "--timeout", "500ms", "--node",
                "h:1", "--node", "h:2",
            ]) as? Get)
        #expect(command.key == "k")
        #expect(command.r?.quorum == .all)
        #expect(command.pr?.quorum == .one)
        #expect(command.request.timeout?.duration == .milliseconds(500))
        #expect(command.node.nodes == ["h:1", "h:2"])
    }

    @Test("A write takes its knobs and its context")
    func put() throws {
        let command = try #require(
            Martlet.parseAsRoot([
                "put", "k", "v", "--context", "AbC", "--w", "quorum", "--pw", "0", "--dw", "2",
                "--expires", "30s",
            ]) as? Put)
        #expect(command.write.context == "AbC")
        #expect(
            command.write.consistency
                == WriteConsistency(w: .majority, pw: .count(0), dw: .count(2)))
        #expect(command.expires?.duration == .seconds(30))
    }

    @Test("A start takes settings in place of the file's")
    func start() throws {
        let command = try #require(
            Martlet.parseAsRoot(["start", "-c", "f", "--set", "a.b=1", "--set", "c.d=2"])
                as? Start)
        #expect(command.config == "f")
        #expect(command.set == ["a.b=1", "c.d=2"])
        #expect(!command.stopWithStdin)
    }

    @Test(
        "What no command can mean is refused with the status of wrong usage",
        arguments: [
            ["get"], ["get", "k", "--json", "--raw"], ["get", "k", "--r", "most"],
            ["get", "k", "--timeout", "5"], ["get", "k", "--timeout", "0s"], ["put", "k"],
            ["ring", "--key", "k", "--partitions"], ["create"], ["create", "--members", "0"],
            ["create", "--members", "3", "--replicas", "33"],
            ["create", "--members", "3", "--partitions", "1000"], ["demo", "--nodes", "0"],
            ["demo", "--nodes", "10"], ["demo", "--base-port", "0"],
            ["demo", "--nodes", "9", "--base-port", "65500"], ["start"], ["simulate"],
            ["simulate", "s", "--seeds", "0"], ["simulate", "s", "--log", "--seeds", "2"],
            ["simulate", "s", "--key", "k"], ["simulate", "s", "--marked"],
            ["simulate", "s", "--compare", "p", "--html", "f"],
            ["simulate", "s", "--seed", "18446744073709551615", "--seeds", "2"], ["fly"],
            ["cluster", "join"], ["cluster", "replace", "n1"], ["cluster", "weight", "n1", "0"],
            ["cluster", "replicas", "33"], ["cluster", "commit", "--epoch", "x"],
            ["transfers", "--watch", "--json"], ["demo", "--add", "--remove", "2"],
            ["storage", "inspect"], ["storage", "dump", "d", "--limit", "0"],
            ["storage", "dump", "d", "--space", "stars"],
        ])
    func refusals(words: [String]) {
        let error = #expect(throws: (any Error).self) { try Martlet.parseAsRoot(words) }
        #expect(error.map { Martlet.exitCode(for: $0) } == .validationFailure)
    }

    @Test("Every command has an abstract and a discussion with an example")
    func help() {
        for command in Martlet.configuration.subcommands {
            let configuration = command.configuration
            #expect(!configuration.abstract.isEmpty, "\(command)")
            #expect(configuration.discussion.contains("martlet "), "\(command)")
        }
    }

    @Test(
        "Scripts can tell wrong usage from failure, and failure from what may pass",
        arguments: [
            (MartletError.Code.notConnected, CommandStatus.unavailable),
            (.noQuorum, .unavailable), (.deadlinePassed, .unavailable), (.noCluster, .unavailable),
            (.timedOut, .unavailable), (.refused, .failed), (.tooLarge, .failed),
            (.tooManySiblings, .failed), (.invalidEndpoint, .usage), (.invalidRequest, .usage),
        ])
    func statuses(code: MartletError.Code, status: CommandStatus) throws {
        let error = MartletError(code, "what happened", endpoint: "h:1")
        let (found, text) = try #require(Martlet.explain(error))
        #expect(found == status)
        #expect(text == "h:1: what happened")
    }

    @Test("A configuration's mistakes are wrong usage")
    func configurationMistakes() throws {
        let problem = ConfigurationProblem(.unknownKey("a.b", nearest: nil), at: .file(line: 3))
        let explained = Martlet.explain(ConfigurationError(file: "f", problems: [problem]))
        #expect(explained?.0 == .usage)
        #expect(explained?.1 == "f:3: unknown key a.b")
    }
}
