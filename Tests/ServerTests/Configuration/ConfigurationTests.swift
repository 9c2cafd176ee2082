// What a configuration file may say, and the exact words for what it may not.
import Foundation
import Logging
import MartletAntiEntropy
import MartletBase
import MartletMembership
import MartletNode
import MartletReplication
import MartletServer
import MartletStorage
import MartletWire
import Testing

/// The three keys without which there is no configuration, on lines 1 to 4.
private let least = """
    cluster: {name: c}
    node:
      name: n1
      data: /d

    """

/// What errors say of the values of two kinds.
private let name = "1 to 255 bytes of letters, digits, '.', '_' or '-'"
private let endpoint =
    "an IP address and a port from 1 to 65535, such as 127.0.0.1:7400 "
    + "(host names are not looked up)"

/// The lines of the error that `yaml` gives, without the file's name; empty when it is accepted.
private func problems(_ yaml: String, _ overrides: [String] = []) -> [String] {
    do {
        _ = try ServerConfiguration(yaml: yaml, file: "f", overrides: overrides)
        return []
    } catch {
        return error.description.split(separator: "\n").map(String.init)
    }
}

@Suite("Configuration")
struct ConfigurationTests {
    @Test("Three keys are enough, and everything else is at its default")
    func defaults() throws {
        let read = try ServerConfiguration(yaml: least, file: "/etc/martlet.yaml")
        #expect(read.clusterName == "c")
        #expect(read.nodeName == "n1")
        #expect(read.dataDirectory == "/d")
        #expect(read.clientEndpoint == Endpoint(host: "127.0.0.1", port: 7400))
        #expect(read.peerEndpoint == Endpoint(host: "127.0.0.1", port: 7401))
        #expect(read.replication == ReplicationOptions())
        #expect(read.membership == MembershipOptions())
        #expect(read.antiEntropy == AntiEntropyOptions())
        #expect(read.storage == StorageOptions())
        #expect(read.node.clusterName == "c")
        #expect(read.node.replication == read.replication)
        #expect(read.node.antiEntropy == read.antiEntropy)
    }

    @Test("Values are read with their units")
    func values() throws {
        let yaml =
            least + """
                peers: {listen: "[::]:9001", advertise: "[2001:db8::1]:9001"}
                clients: {listen: 10.0.0.1:9000}
                replication: {r: one, w: all, pr: 1, dw: 0, timeout: 1500us, hedge_delay_min: 2ms}
                anti_entropy: {period: 5m, confirmation: 2s, promise_lag: 0, verification: 0}
                membership: {protocol_period: 2s, push_pull_interval: 1m, datagram_limit: 1KiB}
                storage: {sync: 200ms, segment_size: 1GiB, prewrite: 0, compress_log: false}
                log: {level: debug}
                """
        let read = try ServerConfiguration(yaml: yaml, file: "f")
        #expect(read.peerListener == Endpoint(host: "::", port: 9001))
        #expect(read.peerEndpoint == Endpoint(host: "2001:db8::1", port: 9001))
        #expect(read.clientEndpoint == Endpoint(host: "10.0.0.1", port: 9000))
        #expect(read.replication.r == .count(1))
        #expect(read.replication.w == .all)
        #expect(read.replication.pr == .count(1))
        #expect(read.replication.dw == .count(0))
        #expect(read.replication.timeout == .microseconds(1_500))
        #expect(read.replication.hedgeDelay == .milliseconds(2) ... .milliseconds(250))
        #expect(read.antiEntropy.period == .seconds(300))
        #expect(read.antiEntropy.confirmation == .seconds(2))
        #expect(read.antiEntropy.promiseLag == .zero)
        #expect(read.antiEntropy.verification == .zero)
        #expect(read.node.antiEntropy == read.antiEntropy)
        #expect(read.membership.protocolPeriod == .seconds(2))
        #expect(read.membership.pushPullInterval == .seconds(60))
        #expect(read.membership.datagramByteLimit == 1_024)
        #expect(read.storage.sync == .interval(.milliseconds(200)))
        #expect(read.storage.segmentBytes == 1 << 30)
        #expect(read.storage.prewriteBytes == 0)
        #expect(read.storage.compressLog == false)
        #expect(read.logLevel == .debug)
    }

    @Test(
        "A value that its key does not take is told with its line and what would be right",
        arguments: [
            ("node.weight", "heavy", "is 'heavy', must be a whole number from 1 to 1000"),
            ("node.weight", "0", "is 0, must be 1 to 1000"),
            (
                "node.zone", "a b",
                "is 'a b', must be 1 to 255 bytes of letters, digits, '.', '_' or '-'"
            ),
            (
                "replication.timeout", "250",
                "is '250', must be a duration of 1ms to 1m, such as 250ms"
            ),
            ("replication.timeout", "2h", "is 2h, must be 1ms to 1m"),
            (
                "replication.timeout", "9223372036854775807h",
                "is '9223372036854775807h', must be a duration of 1ms to 1m, such as 250ms"
            ),
            (
                "replication.value_limit", "16MB",
                "is '16MB', must be a size of 1KiB to 16MiB, such as 16MiB"
            ),
            ("replication.value_limit", "17MiB", "is 17MiB, must be 1KiB to 16MiB"),
            ("replication.r", "0", "is 0, must be 1 to 32"),
            (
                "replication.r", "most",
                "is 'most', must be one, quorum, all, or a number from 1 to 32"
            ),
            ("replication.read_all_share", "1.5", "is 1.5, must be 0 to 1"),
            (
                "replication.read_all_share", "nan",
                "is 'nan', must be a number from 0 to 1, such as 0.05"
            ),
            (
                "storage.sync", "never",
                "is 'never', must be every_write, operating_system, or an interval of 1ms to 1m"
            ),
            ("storage.compress_log", "yes", "is 'yes', must be true or false"),
            (
                "log.level", "loud",
                "is 'loud', must be trace, debug, info, notice, warning, error, critical"
            ),
            (
                "clients.listen", "localhost:7400",
                "is 'localhost:7400', must be \(endpoint)"
            ),
            (
                "clients.listen", "127.0.0.1:0",
                "is '127.0.0.1:0', must be \(endpoint)"
            ),
        ])
    func badValues(key: String, value: String, text: String) {
        let parts = key.split(separator: ".")
        let yaml =
            parts[0] == "node"
            ? least + "  \(parts[1]): \(value)\n"
            : least + "\(parts[0]):\n  \(parts[1]): \(value)\n"
        let line = parts[0] == "node" ? 5 : 6
        #expect(problems(yaml) == ["f:\(line): \(key) \(text)"])
        #expect(problems(least, ["\(key)=\(value)"]) == ["--set: \(key) \(text)"])
    }

    @Test("Every problem is listed at once, in the order of the file")
    func allAtOnce() {
        let yaml = """
            node:
              nmae: n1
              weight: 0
            replicaton:
              r: one
            storage: fast
            log:
              level: {min: info}
              colour: red
            """
        #expect(
            problems(yaml, ["node.zone", "node.zoen=z", "node.data=/d"]) == [
                "f:2: unknown key node.nmae: did you mean node.name?",
                "f:3: node.weight is 0, must be 1 to 1000",
                "f:4: unknown key replicaton: did you mean replication?",
                "f:6: storage must be a section with keys",
                "f:8: log.level must be trace, debug, info, notice, warning, error, critical",
                "f:9: unknown key log.colour",
                "--set: 'node.zone' must be KEY=VALUE, such as node.name=n1",
                "--set: unknown key node.zoen: did you mean node.zone?",
                "f: cluster.name is missing: give \(name)",
                "f: node.name is missing: give \(name)",
            ])
    }

    @Test(
        "Settings that contradict each other are refused",
        arguments: [
            (
                "peers: {listen: 127.0.0.1:7400}",
                "peers.listen is 127.0.0.1:7400, which clients.listen (127.0.0.1:7400) "
                    + "takes: give peers another port"
            ),
            (
                "clients: {listen: 0.0.0.0:7400}",
                "clients.listen is every address of this machine: clients.advertise "
                    + "must name the one to tell others"
            ),
            (
                "replication: {w: 1}",
                "replication.w is 1, below dw, quorum, which it includes: raise w or lower dw"
            ),
            (
                "replication: {r: 1, pr: 2}",
                "replication.r is 1, below pr, 2, which it includes: raise r or lower pr"
            ),
            (
                "replication: {hedge_delay_min: 1s}",
                "replication.hedge_delay_min is 1s, above hedge_delay_max, 250ms"
            ),
            (
                "membership: {direct_timeout: 1s}",
                "membership.direct_timeout is 1s, must be below protocol_period, 1s"
            ),
            (
                "membership: {outreach_interval: 500ms}",
                "membership.outreach_interval is 500ms, must be protocol_period, 1s, or more"
            ),
            (
                "clients: {bulk_limit: 512KiB}",
                "clients.bulk_limit is 512KiB, too small for replication.value_limit, 1MiB"
            ),
            (
                "storage: {pending_limit: 16MiB}",
                "storage.pending_limit is 16MiB, too small for storage.batch_limit, 32MiB"
            ),
        ])
    func contradictions(section: String, text: String) {
        #expect(problems(least + section) == ["f:5: \(text)"])
    }

    @Test("W and the parts of it agree when both are lowered")
    func lowQuorums() {
        #expect(problems(least + "replication: {w: 1, dw: 1}") == [])
        #expect(problems(least + "replication: {w: 2}") == [])
        #expect(problems(least + "replication: {w: one, dw: 0}") == [])
    }

    @Test(
        "What is not a configuration at all is told so",
        arguments: [
            ("a: [1, 2", 2), ("a: b: c", 1), ("x: {}\nx: {}", 1), ("[1]", 1), ("- a", 1),
            ("text", 1),
            ("\u{0}", nil),
        ] as [(String, Int?)])
    func notConfigurations(yaml: String, line: Int?) throws {
        let first = try #require(problems(yaml).first)
        #expect(first.hasPrefix(line.map { "f:\($0): " } ?? "f: "))
    }

    @Test("An empty file lacks the three keys", arguments: ["", "# nothing\n", "node:\n"])
    func empty(yaml: String) {
        #expect(problems(yaml).count == 3)
    }

    @Test("The command line wins over the file, also for lists")
    func overrides() throws {
        let read = try ServerConfiguration(
            yaml: least, file: "/etc/f",
            overrides: ["node.name=n2", "cluster.seeds=10.0.0.1:1, 10.0.0.2:2", "node.data=here"])
        #expect(read.nodeName == "n2")
        #expect(read.seeds == [Endpoint("10.0.0.1:1"), Endpoint("10.0.0.2:2")])
        #expect(read.dataDirectory == "here")
    }

    @Test("A relative data directory starts at the file's folder")
    func relativeData() throws {
        let yaml = "cluster: {name: c}\nnode: {name: n, data: data}"
        let inFolder = try ServerConfiguration(yaml: yaml, file: "/etc/martlet/f.yaml")
        #expect(inFolder.dataDirectory == "/etc/martlet/data")
        let besides = try ServerConfiguration(yaml: yaml, file: "f.yaml")
        #expect(besides.dataDirectory == "data")
    }

    @Test("A file that is not there is told in the system's words")
    func noFile() {
        #expect(throws: ConfigurationError.self) {
            try ServerConfiguration.load(path: "/nowhere/martlet.yaml")
        }
    }
}

@Suite("conf/martlet.yaml")
struct ShippedConfigurationTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../../conf/martlet.yaml").standardizedFileURL.path

    @Test("The shipped file names every key at its default")
    func defaults() throws {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        let read = try ServerConfiguration.load(path: Self.path)
        #expect(read.replication == ReplicationOptions())
        #expect(read.membership == MembershipOptions())
        #expect(read.antiEntropy == AntiEntropyOptions())
        #expect(read.membership.defect == nil)
        #expect(read.storage == StorageOptions())
        let plain = ServerConfiguration(clusterName: "", nodeName: "", dataDirectory: "")
        #expect(read.resp == plain.resp && read.session == plain.session)
        #expect(read.scrubBytesPerSecond == plain.scrubBytesPerSecond)
        let node = NodeConfiguration(
            clusterName: "", name: "", zone: "", peerEndpoint: read.peerEndpoint,
            clientEndpoint: read.clientEndpoint, seeds: [])
        #expect(read.scrubBytesPerSecond == node.scrubBytesPerSecond)
        for key in ServerConfiguration.keys {
            let name = key.drop { $0 != "." }.dropFirst()
            #expect(text.contains("\n  \(name): ") || text.contains("\n  # \(name): "), "\(key)")
        }
    }

    @Test("With its optional keys uncommented it still reads")
    func uncommented() throws {
        var text = try String(contentsOfFile: Self.path, encoding: .utf8)
        for key in ["zone", "advertise", "in_place_of"] {
            text = text.replacingOccurrences(of: "  # \(key): ", with: "  \(key): ")
        }
        let read = try ServerConfiguration(yaml: text, file: Self.path)
        #expect(read.zone == "hall-1")
        #expect(read.node.inPlaceOf == NodeID("0f8ea1c2d3b49576"))
        #expect(read.peerEndpoint == Endpoint(host: "192.0.2.7", port: 7401))
    }
}
