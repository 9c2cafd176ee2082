// Real nodes whose clients want more than there is: connections, memory, descriptors, and a node
// that is to stop meanwhile. Each says so, keeps within its limits, and serves the others.
import Foundation
import Glibc
import MartletBase
import MartletClient
import MartletServer
import MartletViews
import Testing

extension Clusters {
    @Suite("Limits of a running node", .enabled(if: ProcessNode.isBuilt))
    struct ProcessLimitsTests {
        /// Runs `body` with a node started with `overrides`, in a cluster of its own.
        private func withNode(
            _ overrides: [String], _ body: (ProcessNode, UInt16) async throws -> Void
        ) async throws {
            let plan = try ClusterPlan(1)
            let file = "\(plan.directory)/n1.yaml"
            try plan.yaml(0).write(toFile: file, atomically: true, encoding: .utf8)
            let node = try ProcessNode.start(configuration: file, overrides)
            try node.awaitOutput("serves clients at")
            try await plan.create()
            try await body(node, plan.places[0].client)
        }

        /// The number behind `name` in the node's INFO.
        private func fact<Number: LosslessStringConvertible>(
            _ name: String, _ client: ProcessSocket, as type: Number.Type = Int.self
        ) throws -> Number? {
            client.send(Bytes(text: "INFO\r\n"))
            let info = try client.receive(until: "cluster_enabled")
            return info.split(separator: "\r\n").first { $0.hasPrefix("\(name):") }
                .flatMap { Number(String($0.dropFirst(name.count + 1))) }
        }

        private func ping(_ client: ProcessSocket) throws {
            client.send(Bytes(text: "PING\r\n"))
            #expect(try client.receive(until: "\r\n") == "+PONG\r\n")
        }

        /// Sets the soft limit of open files of a running process.
        private func limitFiles(of node: ProcessNode, to count: Int) throws {
            let command = try Process.run(
                URL(fileURLWithPath: Self.prlimit),
                arguments: ["--pid", "\(node.pid)", "--nofile=\(count):"])
            command.waitUntilExit()
            try #require(command.terminationStatus == 0)
        }

        private static let prlimit = "/usr/bin/prlimit"
        private static var hasPrlimit: Bool {
            FileManager.default.isExecutableFile(atPath: prlimit)
        }

        @Test("A client too many is told so, and there is room when another has gone")
        func connections() async throws {
            try await withNode(["clients.connection_limit=3"]) { node, port in
                let first = try ProcessSocket(port: port)
                try ping(first)
                var others = [try ProcessSocket(port: port), try ProcessSocket(port: port)]
                for other in others { try ping(other) }
                let surplus = try ProcessSocket(port: port)
                #expect(
                    try surplus.receive(until: "\r\n") == "-ERR max number of clients reached\r\n")
                #expect(try surplus.awaitClose())
                #expect(try fact("rejected_clients", first) == 1)
                #expect(try fact("maxclients", first) == 3)
                others.removeAll()
                while try fact("connected_clients", first) != 1 {}
                try ping(try ProcessSocket(port: port))
                try node.awaitOutput("turned a client away: 3 are connected")
            }
        }

        @Test("Clients that stall within large commands are closed, the greediest first")
        func memory() async throws {
            try await withNode(["clients.memory_limit=32MiB"]) { node, port in
                let bystander = try ProcessSocket(port: port)
                let stalled = try (0..<6).map { _ in try ProcessSocket(port: port) }
                let part =
                    Bytes(text: "*2\r\n$3\r\nGET\r\n$16000000\r\n")
                    + Bytes(repeating: 0x78, count: 10 << 20)
                for client in stalled { client.send(part) }
                while try #require(try fact("evicted_clients", bystander)) < 3 {}
                #expect(try #require(try fact("connection_memory", bystander)) <= 32 << 20)
                try node.awaitOutput("all together held more than clients.memory_limit, 33554432")
                try ping(bystander)
            }
        }

        @Test(
            "Without descriptors a node accepts nobody and begins no file, and goes on afterwards",
            .enabled(if: hasPrlimit))
        func descriptors() async throws {
            let overrides = ["storage.segment_size=4KiB", "storage.compress_log=false"]
            try await withNode(overrides) { node, port in
                let writer = try ProcessSocket(port: port)
                try ping(writer)
                try limitFiles(of: node, to: 0)
                let waiting = try (0..<4).map { _ in try ProcessSocket(port: port) }
                try node.awaitOutput("cannot accept clients")
                let set = Bytes(text: "SET k \(String(repeating: "v", count: 3_000))\r\n")
                var reply = "+OK\r\n"
                for _ in 0..<20 where reply == "+OK\r\n" {
                    writer.send(set)
                    reply = try writer.receive(until: "\r\n")
                }
                #expect(reply != "+OK\r\n", "no log file can be begun")
                try node.awaitOutput("writes are refused: the log waits")
                try limitFiles(of: node, to: 1_024)
                for client in waiting { try ping(client) }
                try node.awaitOutput("writes are accepted again")
                writer.send(set)
                #expect(try writer.receive(until: "\r\n") == "+OK\r\n")
                #expect(node.end(by: SIGTERM) == .exited(0))
            }
        }

        @Test(
            "While commands of many keys run, others are served all the time",
            arguments: ["MSET", "MGET", "DEL"])
        func turns(command: String) async throws {
            try await withNode([]) { _, port in
                let bystander = try ProcessSocket(port: port)
                let client = try ProcessSocket(port: port)
                try ping(bystander)
                var words = [command]
                for number in 0..<16_000 {
                    words.append("key:\(number)")
                    if command == "MSET" { words.append("value") }
                }
                let bulks = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
                // Several, since how many others one lets in depends on what else the machine does.
                let commands = 8
                var count = 0
                for _ in 0..<commands {
                    client.send(Bytes(text: "*\(words.count)\r\n\(bulks)"))
                    while !client.hasArrived {
                        try ping(bystander)
                        count += 1
                    }
                    let reply = try client.receive(until: "\r\n")
                    #expect(reply.hasPrefix(["MSET": "+OK", "MGET": "*16000"][command] ?? ":0"))
                    let whole = "*16000\r\n".utf8.count + 16_000 * "$-1\r\n".utf8.count
                    if command == "MGET" { try client.skip(whole - reply.utf8.count) }
                }
                // One long turn for each would let in one other at most.
                #expect(count >= 3 * commands, "\(count) others were served meanwhile")
                #expect(try fact("turns_over_10_ms", bystander) != nil)
                #expect(try fact("longest_turn_ms", bystander, as: Double.self) != nil)
            }
        }

        @Test("An MGET that names one large value 2,000 times takes no more than its window")
        func manyNames() async throws {
            try await withNode([]) { _, port in
                let bystander = try ProcessSocket(port: port)
                let client = try ProcessSocket(port: port)
                let value = String(repeating: "v", count: 1 << 20)
                client.send(Bytes(text: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n"))
                client.send(Bytes(text: "\(value)\r\n"))
                #expect(try client.receive(until: "\r\n") == "+OK\r\n")
                let before = try #require(try fact("used_memory", bystander))
                client.send(Bytes(text: "MGET\(String(repeating: " k", count: 2_000))\r\n"))
                for _ in 0..<64 {
                    try client.skip(1 << 20)
                    try ping(bystander)
                }
                let after = try #require(try fact("used_memory", bystander))
                #expect(after - before < 100 << 20, "\(before) bytes before, \(after) after")
                #expect(try #require(try fact("connection_memory", bystander)) <= 16 << 20)
            }
        }

        @Test("Many clients' pipelines of large values wait for one another, and none is refused")
        func manyPipelines() async throws {
            try await ProcessCluster.run(3) { cluster in
                let port = cluster.plan.places[0].client
                try await cluster.plan.untilWhole()
                let value = String(repeating: "v", count: 1 << 20)
                _ = try await cluster.plan.withClient(0) { try await $0.put("k", value) }
                try await blocking {
                    let clients = try (0..<12).map { _ in try ProcessSocket(port: port) }
                    let gets = Bytes(text: String(repeating: "GET k\r\n", count: 20))
                    for client in clients { client.send(gets) }
                    // Each reply is as long as the next, unless it is an error.
                    for client in clients { try client.skip(20 * (value.utf8.count + 12)) }
                }
                #expect(try await cluster.plan.status(0).counters.failures == 0)
            }
        }

        @Test("A node stops though clients ask for much and read none of it")
        func stopping() async throws {
            try await withNode([]) { node, port in
                let value = String(repeating: "v", count: 1 << 20)
                let writer = try ProcessSocket(port: port)
                writer.send(Bytes(text: "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n\(value)\r\n"))
                #expect(try writer.receive(until: "\r\n") == "+OK\r\n")
                var stalled = try (0..<20).map { _ in try ProcessSocket(port: port) }
                let words = String(repeating: " k", count: 2_000)
                for client in stalled {
                    let gets = String(repeating: "GET k\r\n", count: 500)
                    client.send(Bytes(text: "MGET\(words)\r\n\(gets)"))
                }
                stalled.removeFirst(10)
                #expect(try #require(try fact("connection_memory", writer)) <= 20 * (10 << 20))
                #expect(node.end(by: SIGTERM) == .exited(0))
                #expect(node.output.contains("stopped cleanly"))
            }
        }
    }
}
