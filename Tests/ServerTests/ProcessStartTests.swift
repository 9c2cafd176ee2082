// Starts that must fail: each with the right status and a message that says what to do.
import Foundation
import Glibc
import MartletBase
import MartletClient
import MartletServer
import MartletViews
import Testing

extension Clusters.Processes {
    /// Starts a node and expects that it ends at once, with `status` and all of `phrases`.
    private func expectRefusal(
        _ configuration: String, _ overrides: [String] = [], status: CInt, _ phrases: String...
    ) async throws {
        let output = try await blocking {
            let node = try ProcessNode.start(configuration: configuration, overrides)
            let ending = try node.awaitEnd()
            #expect(ending == .exited(status), "\(node.output)")
            return node.output
        }
        for phrase in phrases { #expect(output.contains(phrase), "\(output)") }
    }

    @Test("A configuration that cannot be meant is refused with its place")
    func configurations() async throws {
        let plan = try ClusterPlan(1)
        let file = "\(plan.directory)/martlet.yaml"
        try await expectRefusal(file, status: 2, file, "cannot be read: No such file")
        try await expectRefusal(plan.directory, status: 2, "cannot be read: Is a directory")
        let good = plan.yaml(0)
        for (text, phrase) in [
            ("\(good)\nclients:\n  listen: 127.0.0.1:1", "given twice"),
            ("\(good)\nstorag:\n  sync: every_write", "did you mean storage"),
            ("\(good)\nstorage:\n  segment_size: 1KiB", "storage.segment_size is 1KiB, must be"),
            ("\(good)\nstorage: [", "is not YAML"), ("", "cluster.name is missing"),
        ] {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            try await expectRefusal(file, status: 2, file, phrase)
        }
        try good.write(toFile: file, atomically: true, encoding: .utf8)
        try await expectRefusal(file, ["node.weight=0"], status: 2, "--set: node.weight is 0")
    }

    @Test("A port or directory in use, and a directory of others, are refused with a way out")
    func collisions() async throws {
        try await ProcessCluster.run(1) { cluster in
            let file = cluster.configuration(0)
            let plan = cluster.plan
            let other = "node.data=\(plan.directory)/other"
            try await expectRefusal(
                file, [other], status: 1, "the port is in use", "choose another")
            let ports = try FreePorts.find(2)
            let elsewhere = [
                "clients.listen=127.0.0.1:\(ports[0])", "peers.listen=127.0.0.1:\(ports[1])",
            ]
            try await expectRefusal(
                file, elsewhere, status: 1, "stop that process or choose another data directory",
                "\(try #require(await cluster.pid(0)))")
            #expect(await cluster.isRunning(0))
            #expect(try await cluster.end(0, by: SIGTERM) == .exited(0))
            try await expectRefusal(
                file, ["node.name=n9"], status: 1, "belongs to node n1", "correct the names")
            try await expectRefusal(
                file, ["cluster.name=other"], status: 1, "of cluster martlet-tests",
                "a directory of its own")
            try await expectRefusal(
                file, ["node.data=\(file)"], status: 1, "data directory \(file)")
            try await cluster.start(0)
        }
    }

    @Test("A log with a damaged byte amid acknowledged writes does not open")
    func damagedLog() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            let keys = (0..<20).map { "k\($0)" }
            try await plan.withClient(0) { client in
                for key in keys { try await client.put(key, key) }
            }
            #expect(try await cluster.end(0, by: SIGTERM) == .exited(0))
            let log = "\(plan.places[0].data)/log-0000000001.mlog"
            let whole = try Data(contentsOf: URL(filePath: log))
            let end = try #require(whole.lastIndex { $0 != 0 })
            for offset in [41, end / 2] {
                var damaged = whole
                damaged[offset] ^= 0x10
                try damaged.write(to: URL(filePath: log))
                try await expectRefusal(
                    cluster.configuration(0), status: 1, "log-0000000001.mlog is damaged",
                    "let the node go on in place with an empty one")
                // A refused start leaves the evidence as it is.
                #expect(try Data(contentsOf: URL(filePath: log)) == damaged)
            }
            try whole.write(to: URL(filePath: log))
            try await cluster.start(0)
            try await plan.expectAll(keys, at: 0)
        }
    }

    @Test("A log that is gone or cut after a clean stop keeps the node from starting, with advice")
    func missingLog() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            try await plan.withClient(0) { client in
                for index in 0..<20 { try await client.put("k\(index)", "v") }
            }
            let identity = try await plan.status(0).id
            #expect(try await cluster.end(0, by: SIGTERM) == .exited(0))
            let log = URL(filePath: "\(plan.places[0].data)/log-0000000001.mlog")
            let whole = try Data(contentsOf: log)
            try FileManager.default.removeItem(at: log)
            try await expectRefusal(
                cluster.configuration(0), status: 1, "of node n1 (\(identity))",
                "the log segment log-0000000001.mlog is missing", "--in-place-of")
            try whole.prefix(600).write(to: log)
            try await expectRefusal(
                cluster.configuration(0), status: 1, "of node n1 (\(identity))",
                "the log ends at batch", "--in-place-of")
            try whole.write(to: log)
            try await cluster.start(0)
        }
    }

    @Test("Under a name of the ring an empty directory starts no second node, but the first anew")
    func takenName() async throws {
        try await ProcessCluster.run(3) { cluster in
            let plan = cluster.plan
            let identity = try await plan.status(2).id
            #expect(try await cluster.end(2, by: SIGTERM) == .exited(0))
            let elsewhere = "\(plan.directory)/elsewhere"
            let moved = "node.data=\(elsewhere)"
            for _ in 0..<2 {
                try await expectRefusal(
                    cluster.configuration(2), [moved], status: 1,
                    "the ring of cluster martlet-tests knows n3 as \(identity)",
                    "--in-place-of \(identity)", "correct node.data")
            }
            let known = try await plan.status(0).members
            #expect(known.count == 3 && known.allSatisfy { $0.inRing })
            let back = try ProcessNode.start(
                configuration: cluster.configuration(2),
                [moved, "node.in_place_of=\(identity)"])
            try await blocking { try back.awaitOutput("serves clients at") }
            try await plan.untilWhole()
            #expect(try await plan.status(2).id == identity)
            #expect(!back.output.contains("another node runs with this node's identity"))
            let ending = try await blocking { back.end(by: SIGTERM) }
            #expect(ending == .exited(0))
        }
    }

    @Test("A member that no ring names and that is gone can be forgotten; others cannot")
    func forgottenMember() async throws {
        try await ProcessCluster.run(2) { cluster in
            let plan = cluster.plan
            let ports = try FreePorts.find(2)
            let stranger = try ProcessNode.start(
                configuration: cluster.configuration(1),
                [
                    "node.name=n9", "node.data=\(plan.directory)/n9",
                    "clients.listen=127.0.0.1:\(ports[0])", "peers.listen=127.0.0.1:\(ports[1])",
                ])
            for place in 0..<2 {
                try await eventually("n9 is a member") {
                    try await plan.status(place).members.contains { $0.name == "n9" }
                }
            }
            func forget(_ name: String) async throws -> String {
                try await plan.withClient(0) { client in
                    do {
                        _ = try await client.command("MARTLET.FORGET", name)
                        return ""
                    } catch {
                        return "\(error)"
                    }
                }
            }
            #expect(try await forget("n9").contains("stop it first"))
            #expect(try await forget("n2").contains("is of the ring"))
            #expect(try await forget("n7").contains("no member n7 is known"))
            _ = try await blocking { stranger.end(by: SIGTERM) }
            try await eventually("n9 is forgotten") { try await forget("n9") == "" }
            try await eventually("n2 has heard of it") {
                let known = try await plan.status(1).members
                return !known.contains { $0.name == "n9" }
            }
            #expect(try await plan.status(0).members.count == 2)
        }
    }
}
