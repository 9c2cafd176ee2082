// Where the nodes of a test's cluster live: a directory that goes with the test, free ports, short
// periods; and what tests ask of a running cluster. Starting nodes is for those that use it.
import Dispatch
import Foundation
import Glibc
import Logging
import MartletAntiEntropy
import MartletBase
import MartletClient
import MartletMembership
import MartletServer
import MartletViews
import Testing

/// Every test that runs whole nodes: one at a time, for each needs the cores of a small machine.
@Suite("Clusters", .serialized, .timeLimit(.minutes(2)))
enum Clusters {}

/// The places of some nodes on this machine.
final class ClusterPlan: Sendable {
    /// One node's addresses and directory.
    struct Place: Sendable {
        let name: String
        let client: UInt16
        let peer: UInt16
        let data: String
    }

    let clusterName = "martlet-tests"
    let directory: String
    let places: [Place]

    /// Finds room for `count` nodes.
    init(_ count: Int) throws {
        var template = Array("/tmp/martlet-cluster-XXXXXX".utf8CString)
        try #require(unsafe mkdtemp(&template) != nil)
        let directory = template.dropLast().map { UInt8(bitPattern: $0) }.text
        let ports = try FreePorts.find(2 * count)
        self.directory = directory
        places = (0..<count).map { index in
            Place(
                name: "n\(index + 1)", client: ports[2 * index], peer: ports[2 * index + 1],
                data: "\(directory)/n\(index + 1)")
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// The configuration of node `index` as a value. The periods are the shortest there are.
    func configuration(_ index: Int) -> ServerConfiguration {
        let place = places[index]
        var configuration = ServerConfiguration(
            clusterName: clusterName, nodeName: place.name, dataDirectory: place.data)
        configuration.shards = 1
        configuration.clientListener = Endpoint(host: "127.0.0.1", port: place.client)
        configuration.clientEndpoint = configuration.clientListener
        configuration.peerListener = Endpoint(host: "127.0.0.1", port: place.peer)
        configuration.peerEndpoint = configuration.peerListener
        configuration.seeds = places.map { Endpoint(host: "127.0.0.1", port: $0.peer) }
        configuration.antiEntropy.period = .seconds(1)
        configuration.antiEntropy.confirmation = .milliseconds(100)
        configuration.antiEntropy.promiseInterval = .milliseconds(100)
        configuration.antiEntropy.promiseLag = .seconds(1)
        configuration.antiEntropy.expirySlack = .seconds(1)
        configuration.membership.protocolPeriod = .milliseconds(100)
        configuration.membership.directTimeout = .milliseconds(50)
        configuration.membership.outreachInterval = .milliseconds(100)
        configuration.membership.pushPullInterval = .seconds(1)
        return configuration
    }

    /// The configuration of node `index` as a file's text, the same as the value.
    func yaml(_ index: Int) -> String {
        let place = places[index]
        let seeds = places.map { "127.0.0.1:\($0.peer)" }.joined(separator: ", ")
        return """
            cluster:
              name: \(clusterName)
              seeds: [\(seeds)]
            node:
              name: \(place.name)
              data: \(place.data)
              shards: 1
            clients:
              listen: 127.0.0.1:\(place.client)
            peers:
              listen: 127.0.0.1:\(place.peer)
            anti_entropy:
              period: 1s
              confirmation: 100ms
              promise_interval: 100ms
              promise_lag: 1s
              expiry_slack: 1s
            membership:
              protocol_period: 100ms
              direct_timeout: 50ms
              outreach_interval: 100ms
              push_pull_interval: 1s
            log:
              level: notice
            """
    }
}

extension ClusterPlan {
    /// Runs `body` with a client that speaks to node `index` alone, and closes it.
    func withClient<Result: Sendable>(
        _ index: Int, _ body: (MartletClient) async throws -> Result
    ) async throws -> Result {
        let client = try await MartletClient.connect(to: ["127.0.0.1:\(places[index].client)"])
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }

    /// How node `index` says it is.
    func status(_ index: Int) async throws -> StatusView {
        let reply = try await withClient(index) { try await $0.command("MARTLET.STATUS") }
        let json = try #require(reply.text)
        return try JSONDecoder().decode(StatusView.self, from: Data(json.utf8))
    }

    /// Makes the cluster of the first `count` nodes, or of all, as soon as they know each other.
    func create(_ count: Int? = nil) async throws {
        let count = count ?? places.count
        try await eventually("the nodes know each other") {
            try await withClient(0) { client in
                _ = try await client.command(
                    "MARTLET.CREATE", "\(count)", "N", "3", "PARTITIONS", "64")
            }
            return true
        }
        try await untilWhole(count)
    }

    /// Waits until the first `count` nodes, or all, have the ring and reach its members.
    func untilWhole(_ count: Int? = nil) async throws {
        for index in places.indices.prefix(count ?? places.count) {
            try await eventually("\(places[index].name) is ready") { try await status(index).ready }
        }
    }

    /// Waits until no node keeps a hint any more.
    func untilNoHints() async throws {
        for index in places.indices {
            try await eventually("\(places[index].name) has delivered its hints") {
                try await status(index).hints.count == 0
            }
        }
    }

    /// Records an issue for every key of `keys` that node `index` does not answer with the value
    /// that was written, which is the key itself.
    func expectAll(
        _ keys: [String], at index: Int, _ consistency: ReadConsistency = ReadConsistency()
    ) async throws {
        let lanes = 16
        let missing = try await withClient(index) { client in
            try await withThrowingTaskGroup(of: [String].self) { group in
                for lane in 0..<lanes {
                    group.addTask {
                        var missing: [String] = []
                        for key in stride(from: lane, to: keys.count, by: lanes).map({ keys[$0] }) {
                            let found = try await client.get(key, consistency: consistency)
                            if found.value != Array(key.utf8) { missing.append(key) }
                        }
                        return missing
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        #expect(missing.isEmpty, "\(places[index].name) lacks \(missing.count) of \(keys.count)")
    }
}

/// Ports that nobody listens on.
enum FreePorts {
    /// Below those that the system hands out by itself, so that while a node is down no outgoing
    /// connection takes its port.
    private static let candidates: Range<UInt16> = 20_000..<32_000

    /// So many different ones, free for TCP and UDP.
    static func find(_ count: Int) throws -> [UInt16] {
        var found: [UInt16] = []
        for port in candidates.shuffled()
        where isFree(port, SOCK_STREAM) && isFree(port, SOCK_DGRAM) {
            found.append(port)
            if found.count == count { return found }
        }
        throw ClusterTestError("fewer than \(count) ports are free")
    }

    private static func isFree(_ port: UInt16, _ kind: __socket_type) -> Bool {
        let number = socket(AF_INET, CInt(kind.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(number) }
        return unsafe loopback(port) { unsafe bind(number, $0, $1) } == 0
    }
}

/// Calls `body` with the socket address 127.0.0.1:`port`.
func loopback(_ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, size) }
    }
}

/// What a test waited for in vain.
struct ClusterTestError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Asks again and again until `condition` holds; a node's refusal counts as not yet.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    var refusal = ""
    while ContinuousClock.now < deadline {
        do {
            if try await condition() { return }
        } catch let error as MartletError {
            refusal = " (\(error))"
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(20)) {
                continuation.resume()
            }
        }
    }
    throw ClusterTestError("not within 30 s: \(what)\(refusal)")
}

/// Runs what blocks on a thread where it keeps nobody waiting.
func blocking<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: .init(catching: body)) }
    }
}
