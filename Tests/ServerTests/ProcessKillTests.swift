// Real processes that are killed while clients write, and stopped as they should be: no
// acknowledged write is lost, and nobody but the clients of the killed node notices.
import Glibc
import MartletClient
import MartletServer
import MartletViews
import Testing

/// What clients were told.
private actor Ledger {
    private(set) var acknowledged: [String] = []
    private(set) var failures: [MartletError] = []

    /// Notes an acknowledged key; tells how many there are.
    func acknowledge(_ key: String) -> Int {
        acknowledged.append(key)
        return acknowledged.count
    }

    func fail(_ error: MartletError) { failures.append(error) }
}

/// Writes the keys `prefix`0, `prefix`1, … with themselves as values, until `count` are written or
/// one fails; after each that is acknowledged, `then` is told how many there are in the ledger.
private func write(
    _ client: MartletClient, _ prefix: String, _ count: Int, _ ledger: Ledger,
    then: (Int) async throws -> Void
) async throws {
    for number in 0..<count {
        let key = "\(prefix)\(number)"
        do throws(MartletError) {
            try await client.put(
                key, key, consistency: WriteConsistency(w: .majority, dw: .majority))
        } catch {
            return await ledger.fail(error)
        }
        try await then(await ledger.acknowledge(key))
    }
}

extension Clusters {
    @Suite("Processes", .enabled(if: ProcessNode.isBuilt, "build the product martlet first"))
    struct Processes {}
}

extension Clusters.Processes {
    @Test("A node killed amid writes costs nothing but its own connections")
    func killOne() async throws {
        try await ProcessCluster.run(3) { cluster in
            let plan = cluster.plan
            let bystanders = Ledger()
            let victims = Ledger()
            try await plan.withClient(0) { survivor in
                try await plan.withClient(2) { doomed in
                    try await withThrowingTaskGroup { group in
                        for lane in 0..<8 {
                            group.addTask {
                                try await write(survivor, "a\(lane)-", 60, bystanders) {
                                    if $0 == 100 { try await cluster.end(2, by: SIGKILL) }
                                }
                            }
                        }
                        for lane in 0..<2 {
                            group.addTask {
                                try await write(doomed, "b\(lane)-", .max, victims) { _ in }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            }
            #expect(await bystanders.failures.map(\.description) == [])
            #expect(await victims.failures.count == 2)
            for error in await victims.failures {
                #expect([.connectionLost, .notConnected].contains(error.code), "\(error)")
            }
            let keys = await bystanders.acknowledged + victims.acknowledged
            try await plan.expectAll(keys, at: 0)
            try await plan.expectAll(keys, at: 1)
            try await cluster.start(2)
            try await plan.untilWhole()
            try await plan.untilNoHints()
            try await plan.expectAll(keys, at: 2, ReadConsistency(r: .count(3)))
        }
    }

    @Test("All nodes killed amid writes hold every write that was acknowledged as synced")
    func killAll() async throws {
        try await ProcessCluster.run(3) { cluster in
            let plan = cluster.plan
            let ledger = Ledger()
            try await withThrowingTaskGroup { group in
                for index in plan.places.indices {
                    group.addTask {
                        try await plan.withClient(index) { client in
                            try await withThrowingTaskGroup { group in
                                for lane in 0..<4 {
                                    group.addTask {
                                        try await write(client, "n\(index)-\(lane)-", .max, ledger)
                                        {
                                            guard $0 == 200 else { return }
                                            for index in plan.places.indices {
                                                try await cluster.end(index, by: SIGKILL)
                                            }
                                        }
                                    }
                                }
                                try await group.waitForAll()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            for index in plan.places.indices { try await cluster.start(index) }
            try await plan.untilWhole()
            try await plan.expectAll(await ledger.acknowledged, at: 1)
        }
    }

    @Test("A clean stop keeps the actor, a kill takes a new one")
    func actors() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            func dot() async throws -> (actor: Substring, counter: Int) {
                let put = try await plan.withClient(0) { try await $0.put("k", "v") }
                let parts = put.dot.split(separator: ":")
                return (parts[0], try #require(Int(parts[1])))
            }
            let first = try await dot()
            #expect(try await plan.status(0).actors == [String(first.actor)])

            #expect(try await cluster.end(0, by: SIGTERM) == .exited(0))
            try await cluster.start(0)
            let second = try await dot()
            #expect(second.actor == first.actor)
            #expect(second.counter == first.counter + 1)

            #expect(try await cluster.end(0, by: SIGKILL) == .killed(SIGKILL))
            try await cluster.start(0)
            let third = try await dot()
            #expect(third.actor != second.actor)
            let node = second.actor.split(separator: "/")[0]
            #expect(third.actor.hasPrefix("\(node)/"))
            #expect(try await plan.status(0).actors == [String(third.actor)])
            let read = try await plan.withClient(0) { try await $0.get("k") }
            #expect(read.siblings.count == 3)
        }
    }

    @Test("A disk without space refuses writes, serves reads, and takes writes when it has space")
    func diskFull() async throws {
        try await ProcessCluster.run(1) { cluster in
            let plan = cluster.plan
            let pid = try #require(await cluster.pid(0))
            // Not compressible: the limit is on what reaches the file.
            let value = (0..<200_000).map { _ in UInt8.random(in: 0...255) }
            try await plan.withClient(0) { client in
                try await client.put("kept", "kept")
                try limitFileSize(of: pid, to: 1 << 20)
                try await eventually("a write is refused") {
                    do throws(MartletError) {
                        try await client.put(Array("big".utf8), value)
                        return false
                    } catch {
                        #expect(error.code == .storage || error.code == .deadlinePassed, "\(error)")
                        return error.code == .storage
                    }
                }
                let refusal = try await plan.status(0).storage.refusal
                #expect(refusal?.contains("free some space") == true, "\(refusal ?? "none")")
                try await plan.expectAll(["kept"], at: 0)
                try limitFileSize(of: pid, to: .max)
                try await eventually("writes are accepted again") {
                    try await client.put("late", "late")
                    return true
                }
            }
            #expect(await cluster.isRunning(0))
            #expect(try await cluster.end(0, by: SIGTERM) == .exited(0))
            try await cluster.start(0)
            try await plan.expectAll(["kept", "late"], at: 0)
        }
    }
}

/// Stands in for a full disk: no file of the process may grow beyond `bytes` any more.
private func limitFileSize(of pid: pid_t, to bytes: UInt) throws {
    typealias PRLimit =
        @convention(c) (pid_t, CInt, UnsafePointer<rlimit>?, UnsafeMutablePointer<rlimit>?) -> CInt
    // Glibc has it, its Swift module does not show it.
    let prlimit = unsafe unsafeBitCast(dlsym(nil, "prlimit"), to: PRLimit?.self)
    var limit = rlimit(rlim_cur: bytes, rlim_max: .max)
    try #require(unsafe prlimit?(pid, CInt(RLIMIT_FSIZE.rawValue), &limit, nil) == 0)
}
