// Three servers in one process, on real sockets and a real disk, driven by the client library.
import Foundation
import Logging
import MartletBase
import MartletClient
import MartletServer
import MartletViews
import MartletWire
import Testing

/// Servers at the places of a plan.
actor ServerCluster {
    nonisolated let plan: ClusterPlan
    private var servers: [Server?]
    private var inPlaceOf: [String?]

    /// How many shards each node has; where there is none, as many as its directory has, 1 at
    /// first.
    private let shards: [Int]

    init(_ count: Int, shards: [Int] = []) throws {
        self.shards = shards
        plan = try ClusterPlan(count)
        servers = Array(repeating: nil, count: count)
        inPlaceOf = Array(repeating: nil, count: count)
    }

    func start(_ index: Int) throws {
        var log = Logger(label: "martlet") { StreamLogHandler.standardError(label: $0) }
        log.logLevel = .critical
        var configuration = plan.configuration(index)
        let isNew = !FileManager.default.fileExists(atPath: configuration.dataDirectory)
        configuration.shards =
            shards.isEmpty ? (isNew ? 1 : nil) : shards[index % shards.count]
        configuration.inPlaceOf = inPlaceOf[index].flatMap { NodeID($0) }
        servers[index] = try Server(configuration, log: log)
    }

    /// Starts node `index`, whose disk is lost, on an empty directory in place of `identity`.
    func startOver(_ index: Int, inPlaceOf identity: String) throws {
        try FileManager.default.removeItem(atPath: plan.places[index].data)
        inPlaceOf[index] = identity
        try start(index)
    }

    func stop(_ index: Int) {
        servers[index]?.stop()
        servers[index] = nil
    }

    func stopAll() {
        for index in servers.indices { stop(index) }
    }

    /// Runs `body` with `count` servers, and stops those that run at its end, however it ends.
    /// There are places for `spare` others.
    static func run(
        _ count: Int, spare: Int = 0, shards: [Int] = [],
        _ body: (ServerCluster) async throws -> Void
    ) async throws {
        let cluster = try ServerCluster(count + spare, shards: shards)
        do {
            for index in 0..<count { try await cluster.start(index) }
            try await cluster.plan.create(count)
            try await body(cluster)
        } catch {
            await cluster.stopAll()
            throw error
        }
        await cluster.stopAll()
    }
}

extension Clusters {
    @Suite("Servers in one process")
    struct InProcess {
        @Test("What one node takes, every node answers")
        func everyNodeServes() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                let written = try await plan.withClient(0) {
                    try await $0.put(
                        "k", "one", consistency: WriteConsistency(w: .majority, dw: .majority))
                }
                for index in plan.places.indices {
                    let read = try await plan.withClient(index) {
                        try await $0.get("k", consistency: ReadConsistency(r: .majority))
                    }
                    #expect(read.value == Array("one".utf8))
                    #expect(read.siblings.map(\.dot) == [written.dot])
                    #expect(read.evidence.coordinator == plan.places[index].name)
                }
                let context = try #require(written.context)
                try await plan.withClient(1) { _ = try await $0.delete("k", context: context) }
                let gone = try await plan.withClient(2) {
                    try await $0.get("k", consistency: ReadConsistency(r: .all))
                }
                #expect(gone.value == nil)
            }
        }

        @Test("Two writers who did not see each other leave two siblings, which a third merges")
        func siblings() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                try await plan.withClient(0) { _ = try await $0.put("cart", "apple") }
                try await plan.withClient(1) { _ = try await $0.put("cart", "pear") }
                let both = try await plan.withClient(2) {
                    try await $0.get("cart", consistency: ReadConsistency(r: .all))
                }
                #expect(
                    Set(both.siblings.map(\.value)) == [Array("apple".utf8), Array("pear".utf8)])
                let merged = try await plan.withClient(2) {
                    try await $0.put("cart", "apple, pear", context: both.context)
                }
                #expect(merged.siblingCount == 1)
            }
        }

        @Test("A node that was away receives its hints and holds all that was written meanwhile")
        func hintsAreDelivered() async throws {
            try await ServerCluster.run(3) { cluster in
                let plan = cluster.plan
                let keys = (0..<40).map { "key-\($0)" }
                try await plan.withClient(0) { client in
                    for key in keys.prefix(10) { try await client.put(key, key) }
                    await cluster.stop(2)
                    for key in keys.dropFirst(10) { try await client.put(key, key) }
                }
                try await eventually("somebody keeps hints for the node that is away") {
                    try await plan.status(0).hints.count + plan.status(1).hints.count > 0
                }
                try await cluster.start(2)
                try await plan.untilWhole()
                try await plan.untilNoHints()
                try await plan.expectAll(keys, at: 2, ReadConsistency(r: .one))
                // Alone, it answers from its own disk or not at all.
                await cluster.stop(0)
                await cluster.stop(1)
                try await plan.expectAll(keys, at: 2, ReadConsistency(r: .one))
            }
        }

        @Test(
            "A member at an address without a route harms nobody's failure detector",
            arguments: ["::1", "192.0.2.1", "255.255.255.255"])
        func unroutableMember(host: String) async throws {
            try await ServerCluster.run(2) { cluster in
                let plan = cluster.plan
                let lost = Member(
                    id: NodeID(rawValue: 78), name: "lost", zone: "", weight: 1,
                    peerEndpoint: Endpoint(host: host, port: 9),
                    clientEndpoint: Endpoint(host: host, port: 9), incarnation: 1, state: .alive)
                let node = try #require(NodeID(try await plan.status(0).id))
                try await blocking {
                    let peer = try HandmadePeer(
                        lost.id, dialling: plan.places[0].peer, sought: node,
                        cluster: plan.clusterName)
                    peer.begin(as: lost)
                    #expect(try peer.exchange().members.contains(lost))
                }
                try await eventually("n1 has probed it in vain") {
                    try await plan.status(0).members.contains {
                        $0.name == "lost" && $0.state == "unreachable"
                    }
                }
                // Only probes that are answered bring a node back.
                await cluster.stop(1)
                try await eventually("n2 is found to be away") {
                    try await plan.status(0).members.contains {
                        $0.name == "n2" && $0.state == "unreachable"
                    }
                }
                try await cluster.start(1)
                try await plan.untilWhole()
            }
        }

        @Test("A server that cannot listen gives its data directory back")
        func failedStart() async throws {
            try await ServerCluster.run(1) { cluster in
                let plan = cluster.plan
                var configuration = plan.configuration(0)
                configuration.nodeName = "other"
                configuration.dataDirectory = "\(plan.directory)/other"
                let log = Logger(label: "martlet") { _ in SwiftLogNoOpLogHandler() }
                for _ in 1...2 {
                    let error = #expect(throws: ServerError.self) {
                        _ = try Server(configuration, log: log)
                    }
                    #expect("\(error, default: "none")".contains("the port is in use"))
                }
            }
        }
    }
}
