// What commands come to, as values: words in, a plan or an error out, without a node.
import MartletBase
import MartletNode
import MartletRESP
import MartletRing
import MartletVersions
import MartletWire
import Testing

@testable import MartletServer

/// What planning may look at, as a test wants it.
private struct FixedFacts: PlanningFacts {
    var now = Moment(instant: Instant(nanoseconds: 0), wall: TestNode.wall)
    var topology: Topology?
}

/// The plan of a line of words.
private func plan(_ line: String, _ facts: FixedFacts = FixedFacts()) throws -> CommandPlan {
    var parser = CommandParser()
    parser.append(Bytes(text: line + "\r\n"))
    return try CommandTable.plan(try #require(try parser.next()), facts)
}

private func word(_ text: String) -> Bytes { Bytes(text: text) }

@Suite("Plans of commands")
struct CommandsPlanTests {
    private static let wall = TestNode.wall.milliseconds

    @Test("A read of one key is one request, told in the command's form")
    func reads() throws {
        let forms: [(String, ReplyForm)] = [
            ("GET", .value), ("STRLEN", .length), ("TYPE", .type),
            ("TTL", .remaining(inMilliseconds: false)), ("pttl", .remaining(inMilliseconds: true)),
        ]
        for (name, form) in forms {
            let request = ClientRequest(key: word("k"), operation: .get(.plain))
            #expect(try plan("\(name) k") == .request(request, form), "\(name)")
        }
    }

    @Test("A write of one key is one request with its expiry")
    func writes() throws {
        let expiries: [(String, UInt64?)] = [
            ("SET k v", nil), ("SET k v EX 10", Self.wall + 10_000),
            ("SET k v px 10", Self.wall + 10), ("SET k v EXAT 10", 10_000),
            ("SET k v PXAT 10", 10), ("SETEX k 2 v", Self.wall + 2_000),
            ("PSETEX k 2 v", Self.wall + 2),
        ]
        for (line, expiry) in expiries {
            let mutation = Mutation(
                content: .value(word("v")), expiry: expiry.map { WallTime(milliseconds: $0) },
                causality: .coordinator)
            let request = ClientRequest(key: word("k"), operation: .put(mutation, .plain))
            #expect(try plan(line) == .request(request, .stored), "\(line)")
        }
    }

    @Test("A command of several keys is gathered from its words")
    func several() throws {
        let keys = [word("a"), word("b"), word("a")]
        #expect(try plan("MGET a b a") == .gather(.values, keys[...]))
        #expect(try plan("EXISTS a b a") == .gather(.presentCount, keys[...]))
        #expect(try plan("DEL a b a") == .gather(.replacedCount, keys[...]))
        #expect(try plan("UNLINK a b a") == .gather(.replacedCount, keys[...]))
        let pairs = [word("a"), word("1"), word("b"), word("2")]
        #expect(try plan("MSET a 1 b 2") == .gather(.stored, pairs[...]))
    }

    @Test("MARTLET.GET, PUT and DELETE say their quorums and what they replace")
    func causal() throws {
        var reading = ReadOptions()
        reading.r = .majority
        reading.pr = .count(1)
        reading.timeout = .milliseconds(500)
        #expect(
            try plan("MARTLET.GET k R QUORUM PR ONE TIMEOUT 500")
                == .request(
                    ClientRequest(key: word("k"), operation: .get(reading)),
                    .versions(of: word("k"))))
        var writing = WriteOptions()
        writing.w = .all
        writing.dw = .count(2)
        let put = Mutation(
            content: .value(word("v")), expiry: WallTime(milliseconds: Self.wall + 5),
            causality: .seen(Context()))
        #expect(
            try plan("MARTLET.PUT k v W ALL DW 2 PX 5")
                == .request(
                    ClientRequest(key: word("k"), operation: .put(put, writing)),
                    .receipt(of: word("k"))))
        let delete = Mutation(content: .tombstone, causality: .seen(Context()))
        #expect(
            try plan("MARTLET.DELETE k")
                == .request(
                    ClientRequest(key: word("k"), operation: .put(delete, WriteOptions())),
                    .receipt(of: word("k"))))
    }

    @Test("What the words say alone is a reply")
    func replies() throws {
        #expect(try plan("PING") == .reply(.simple("PONG")))
        #expect(try plan("PING hey") == .reply(.bulk(word("hey"))))
        #expect(try plan("SELECT 0") == .accepted)
        #expect(try plan("AUTH default any") == .accepted)
        #expect(try plan("CLUSTER KEYSLOT foo") == .reply(.integer(12_182)))
        #expect(
            try plan("COMMAND GETKEYS MSET a 1 b 2")
                == .reply(.array([.bulk(word("a")), .bulk(word("b"))])))
        #expect(
            try plan("CONFIG GET appendonl?")
                == .reply(.map([RESPPair(.bulk(word("appendonly")), .bulk(word("yes")))])))
    }

    @Test("What is asked of the connection, the node and its operator is named, not done")
    func acts() throws {
        #expect(try plan("HELLO") == .connection(.greet(nil, name: nil)))
        #expect(
            try plan("HELLO 3 AUTH default x SETNAME me")
                == .connection(.greet(.resp3, name: word("me"))))
        #expect(try plan("CLIENT SETINFO LIB-VER 5") == .connection(.setLibraryVersion(word("5"))))
        #expect(try plan("EXEC") == .transaction(.execute))
        #expect(try plan("INFO Server MEMORY") == .show(.information(["server", "memory"])))
        #expect(try plan("MARTLET.RING FULL") == .show(.ring(includesHomes: true)))
        #expect(try plan("MARTLET.FORGET n2") == .operate(.forget("n2")))
        #expect(try plan("MARTLET.CLUSTER TRANSFERS") == .show(.transfers))
        #expect(
            try plan("MARTLET.CREATE 3 PARTITIONS 64")
                == .operate(
                    .create(
                        memberCount: 3, replicaCount: nil, partitionCount: PartitionCount(64))))
    }

    @Test("Every change of the ring is a request to the node")
    func ringChanges() throws {
        let requests: [(String, RingRequest)] = [
            ("JOIN n4", .stage(.join("n4"))), ("LEAVE n2", .stage(.leave("n2"))),
            ("REPLACE n2 n4", .stage(.replace("n2", by: "n4"))),
            ("weight n2 3", .stage(.weigh("n2", weight: 3))),
            ("ZONE n2 b", .stage(.rezone("n2", zone: "b"))),
            ("REPLICAS 5", .stage(.replicas(5))), ("PLAN", .plan), ("CLEAR", .clear),
            ("COMMIT", .commit(epoch: nil)), ("COMMIT 7", .commit(epoch: 7)), ("CANCEL", .cancel),
        ]
        for (words, request) in requests {
            #expect(try plan("MARTLET.CLUSTER \(words)") == .operate(.ring(request)), "\(words)")
        }
    }

    @Test("What the ring must say is planned by the ring, and refused without one")
    func ring() throws {
        let ring = FixedFacts(topology: try TestNode().topology)
        #expect(try plan("MARTLET.REPAIR PARTITION 63", ring) == .operate(.compare([63])))
        #expect(throws: CommandError.invalid("PARTITION is 64, must be 0 to 63")) {
            try plan("MARTLET.REPAIR PARTITION 64", ring)
        }
        for line in ["MARTLET.REPAIR", "MARTLET.PUT k v CONTEXT AAAA"] {
            #expect(throws: CommandError.noCluster, "\(line)") { try plan(line) }
        }
    }

    @Test(
        "Words that cannot be meant are errors",
        arguments: [
            ("SET k v FOO", CommandError.syntax), ("SET k v EX x", .notAnInteger),
            ("SETEX k 0 v", .invalidExpiry("setex")), ("MSET a 1 b", .wrongArity("mset")),
            ("GET", .wrongArity("get")), ("SELECT x", .notAnInteger),
            ("MARTLET.RING JSON FULL", .wrongArity("martlet.ring")),
            ("MARTLET.PUT k v N 0", .invalid("N is 0, must be 1 to 32")),
            ("MARTLET.DELETE k EX 1", .syntax),
            ("MARTLET.CLUSTER COMMIT 1 2", .wrongArity("martlet.cluster|commit")),
            ("MARTLET.CLUSTER COMMIT 0", .invalid("epoch is 0, must be 1 to 9223372036854775807")),
            ("MARTLET.CLUSTER WEIGHT n1 0", .invalid("weight is 0, must be 1 to 4294967295")),
            ("MARTLET.CLUSTER REPLICAS 33", .invalid("replicas is 33, must be 1 to 32")),
        ])
    func errors(line: String, error: CommandError) {
        #expect(throws: error) { try plan(line) }
    }
}

@Suite("What plans touch")
struct CommandAccessTests {
    /// Each command that names keys, with all words that it needs.
    private static let samples = [
        "GET a", "SET a 1", "SETEX a 1 1", "PSETEX a 1 1", "MGET a b", "MSET a 1 b 2", "DEL a b",
        "UNLINK a b", "EXISTS a b", "STRLEN a", "TYPE a", "TTL a", "PTTL a", "MARTLET.GET a",
        "MARTLET.PUT a 1", "MARTLET.DELETE a", "MARTLET.EXPLAIN a",
    ]

    @Test("A plan touches the keys that the table says, and reads or writes as it says")
    func keys() throws {
        for line in Self.samples {
            let words = line.split(separator: " ").map { word(String($0)) }
            let spec = try #require(CommandTable.find(Keyword(words[0]), in: CommandTable.commands))
            let access = try plan(line).access
            #expect(Array(access.keys) == spec.keys.keys(of: words), "\(line)")
            let flags = spec.flags.split(separator: " ")
            #expect((access.effect == .reads) == flags.contains("readonly"), "\(line)")
            #expect((access.effect == .writes) == flags.contains("write"), "\(line)")
        }
    }

    @Test("Every command of the table that names keys was looked at, but for WATCH, always refused")
    func everyCommand() {
        let seen = Set(Self.samples.map { $0.prefix { $0 != " " }.lowercased() }).union(["watch"])
        let named = CommandTable.commands.filter { $0.keys != .none }.map(\.name)
        #expect(Set(named) == seen)
    }

    @Test("What changes the node or its cluster administers, and is an operator's in the table")
    func administration() throws {
        let ring = FixedFacts(topology: try TestNode().topology)
        let lines = [
            "MARTLET.CREATE 1", "MARTLET.FORGET n2", "MARTLET.REPAIR", "CLUSTER FORGET abc",
            "MARTLET.CLUSTER JOIN n2", "MARTLET.CLUSTER COMMIT",
        ]
        for line in lines {
            let access = try plan(line, ring).access
            #expect(access.effect == .administers && access.keys.isEmpty, "\(line)")
        }
        for line in ["PING", "CLIENT ID", "INFO", "MARTLET.STATUS", "MULTI", "MARTLET.KEY a"] {
            #expect(try plan(line).access.effect == .nothing, "\(line)")
        }
        #expect(try plan("DBSIZE").access.effect == .reads)
    }

    @Test("Only what ends a transaction, or says that it has begun, is performed within one")
    func transactions() throws {
        let ring = FixedFacts(topology: try TestNode().topology)
        for line in ["MULTI", "EXEC", "DISCARD", "RESET", "QUIT"] {
            #expect(try plan(line).isPerformedInTransaction, "\(line)")
        }
        let others = ["PING", "HELLO", "INFO", "MARTLET.REPAIR"]
        for line in Self.samples + others {
            #expect(try !plan(line, ring).isPerformedInTransaction, "\(line)")
        }
    }
}
