// The log in words: one line an event, in the names of the run; and of one key what that key saw.
import MartletBase
import MartletWire
import Testing

@testable import MartletSimulator

@Suite("The log in words")
struct LogWordsTests {
    /// Writes that are held for a node that is down, exchanges, keys that stay deleted.
    static func scenario() throws -> Scenario {
        try Scenario.load(
            text: """
                nodes: 3
                duration: 25s
                clients: 4
                rate: 5
                keys: 30
                popularity: uniform
                mix: {gets: 0.3, deletes: 0.4}
                faults:
                  - crash: {node: 2, at: 1s, for: 4s}
                  - isolate: {node: 3, at: 6s, for: 1s}
                """, name: "told")
    }

    private static func lines(
        of scenario: Scenario, about key: String? = nil
    ) -> (report: SimulationReport, lines: [String]) {
        var lines: [String] = []
        let report = Simulation.run(
            scenario, seed: 3, logging: { lines.append($0.text) }, about: key)
        return (report, lines)
    }

    @Test("Every line has a time, a node, and words: no dump, no identity, no bytes")
    func plainWords() throws {
        let (report, lines) = Self.lines(of: try Self.scenario())
        #expect(report.verdict == .passed, "\(report)")
        #expect(lines.count >= report.events)
        var last = 0.0
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 2)
            try #require(words.count == 3, "\(line)")
            let time = try #require(Double(words[0]), "\(line)")
            #expect(time >= last, "\(line)")
            last = time
            #expect(["n1", "n2", "n3", "--"].contains(words[1]), "\(line)")
            for foreign in ["Martlet", "rawValue", "Optional(", "\n", "[1", "node "] {
                #expect(!line.contains(foreign), "\(line)")
            }
            let identity = line.split { !$0.isHexDigit }.first { $0.count == 16 }
            #expect(identity == nil, "\(line)")
        }
    }

    @Test("A reader goes from the scenario's node to the log's")
    func names() throws {
        let (report, lines) = Self.lines(of: try Self.scenario())
        let began = try #require(report.unrestBegan)
        #expect(began > .zero)
        #expect(report.listedFaults.map(\.name).first?.hasPrefix("crash of n2 ") == true)
        let crash = try #require(lines.first { $0.contains(" n2 crashes, losing ") })
        let time = try #require(Double(crash.prefix { $0 != " " }))
        #expect(time == Double((began + .seconds(1)).milliseconds) / 1_000)
        #expect(report.listedFaults[0].at == began + .seconds(1))
        #expect(lines.contains { $0.hasSuffix(" -- fault: isolation of n3") })
        #expect(lines.contains { $0.hasSuffix(" -- over: isolation of n3") })
    }

    @Test("Of one key: requests, writes at each replica, hints, exchanges, removals, and no more")
    func oneKey() throws {
        let scenario = try Self.scenario()
        let all = Self.lines(of: scenario)
        let key = try #require(
            (0..<30).map { "key-\($0)" }.first { key in
                [" removes \(key):", " keeps the hint of \(key) for n2:"].allSatisfy { part in
                    all.lines.contains { $0.contains(part) }
                }
            })
        let (report, lines) = Self.lines(of: scenario, about: key)
        #expect(report.logHash == all.report.logHash)
        #expect(lines.count < all.lines.count / 4)
        for part in [
            " is asked by client ", " answers client ", ", put \(key)", "<- n1 ",
            "stored \(key)", " n1 holds \(key): ", " n2 holds \(key): ", " n3 holds \(key): ",
            " keeps the hint of \(key) for n2: ", " lets go the hint of \(key) for n2: ",
            " removes \(key): ", " root of partition ", " crashes, losing ", " starts",
            "fault: isolation of n3",
        ] {
            #expect(lines.contains { $0.contains(part) }, "no \(part)")
        }
        #expect(all.lines.contains { $0.contains("does not hear ") })
        for line in lines {
            let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "-" }
            let other = words.first { $0.hasPrefix("key-") && $0 != key }
            #expect(other == nil && !line.contains("promises"), "\(line)")
        }
        // What is not told of all keys alike is about the partition or the key.
        let told = Set(all.lines)
        let added = lines.filter { !told.contains($0) }
        #expect(added.allSatisfy { $0.contains("partition") || $0.contains(key) }, "\(added)")
    }

    @Test("What is remembered for answers is bounded")
    func bounded() {
        var questions = OpenQuestions()
        func name(_ number: Int) -> OpenQuestions.Name {
            OpenQuestions.Name(node: 1, sequence: .operation, number: UInt64(number))
        }
        let key = Bytes(text: "key-3")
        for number in 0..<OpenQuestions.limit + 10 { questions.ask(name(number), about: key) }
        questions.ask(name(20), about: key)
        #expect(questions.count == OpenQuestions.limit)
        #expect(questions.key(of: name(9)) == nil && questions.key(of: name(10)) == key)
    }

    @Test("Carts and counters are called what they are")
    func tallies() throws {
        let scenario = try Scenario.load(
            text: """
                {nodes: 3, duration: 1s, clients: 4, keys: 2, carts: 1, counters: 1,
                 mix: {carts: 40%, counters: 40%}}
                """, name: "tallies")
        let (_, lines) = Self.lines(of: scenario)
        #expect(lines.contains { $0.contains("put cart-0") })
        #expect(lines.contains { $0.contains("put counter-0") })
        #expect(!lines.contains { $0.contains("key-2") || $0.contains("key-3") })
    }

    @Test("A key that there is not is told with those that there are")
    func unknownKeys() throws {
        let scenario = try Scenario.load(text: "{keys: 2, carts: 1}", name: "few")
        for key in ["key-0", "key-1", "cart-0"] { #expect(scenario.objection(toKey: key) == nil) }
        for key in ["key-2", "key-01", "cart-1", "counter-0", "key", "", "k", "3"] {
            #expect(
                scenario.objection(toKey: key)
                    == "few has no key \(key): there are key-0 to key-1, cart-0 to cart-0")
        }
    }

    // MARK: Names in text of others

    private static func names() -> Names {
        var names = Names(
            keys: ["key-0", "cart-0"].map { Bytes(text: $0) }, shardCounts: [1, 1, 1])
        names.learn(0, NodeID("1ef61b8fb855fe24"), writingAs: NodeID("00000000000000ff"))
        return names
    }

    @Test(
        "Findings are told in the names of the run",
        arguments: [
            ("node 2 holds objects/28/key-0", "n2 holds objects/28/key-0"),
            ("1ef61b8fb855fe24/1893456000:9 of key 1", "n1:9 of cart-0"),
            ("{1ef61b8fb855fe24/1893456031:9}", "{n1/31:9}"),
            ("00000000000000ff/1893456002:1 is gone", "n1'/2:1 is gone"),
            ("abcdef0123456789/1:1 for 1ef61b8fb855fe24", "sabcd:1 for n1"),
            ("dot 0000000000000001/1893456000:19 of key 0", "dot s0000:19 of key-0"),
            ("digest abcdef0123456789, not every node", "digest abcdef0123456789, not every node"),
            ("cart 1 has lost the item 7 of key 9", "cart-0 has lost the item 7 of key 9"),
        ])
    func toldFindings(text: String, expected: String) {
        #expect(Self.names().told(text) == expected)
    }

    @Test("Wall clocks are told from the run's start")
    func wallTimes() {
        let start = SimulatedProcess.epochMilliseconds
        #expect(Names.seconds(WallTime(milliseconds: start + 3_204)) == "3.204s")
        #expect(Names.seconds(WallTime(milliseconds: start - 30_005)) == "-30.005s")
    }
}

#if DEBUG
    @Suite("After a failure")
    struct AftermathTests {
        private static func scenario() throws -> Scenario {
            try Scenario.load(
                text: """
                    {nodes: 3, duration: 20s, clients: 4, keys: 10,
                     faults: [{crash: {node: 2, at: 500ms, for: 200ms}},
                              {crash: {node: 3, at: 15s, for: 1s}}]}
                    """, name: "short")
        }

        @Test("Nothing is told that came after it, unless it is asked for")
        func nothingFollows() throws {
            var lines: [LoggedLine] = []
            var report = Simulation.run(
                try Self.scenario(), seed: 1, planting: .inventsVersion,
                logging: { lines.append($0) })
            #expect(report.verdict == .failed(.nothingInvented))
            let broken = try #require(report.brokenAt)
            #expect(report.simulatedTime == broken && broken < .seconds(10))
            #expect(report.listedFaults.count == 1 && report.faults.count == 2)
            #expect(!report.description.contains("crash of n3"))
            #expect(!report.json.contains("crash of n3"))
            #expect(!SimulationCase(try Self.scenario(), as: report).text.contains("crash of n3"))
            report.listsWhatFollows = true
            #expect(report.description.contains("crash of n3"))
            let before = lines.filter { !$0.isAftermath }
            let last = try #require(before.last)
            #expect(last.text.contains(" -- broken promise \"nothing invented\": "), "\(last.text)")
            #expect(lines.count > before.count)
            #expect(report.witness.map { last.text.hasSuffix($0) } == true)
        }

        @Test("The page ends with it")
        func pageEnds() throws {
            let trace = Trace()
            var report = Simulation.run(
                try Self.scenario(), seed: 1, planting: .inventsVersion, tracing: trace)
            let broken = try #require(report.brokenAt)
            #expect(trace.end.since(.start) == broken && trace.faults.count == 1)
            let page = report.page(trace, command: "x")
            #expect(!page.contains("crash of n3") && page.contains("crash of n2"))
            report.listsWhatFollows = true
            #expect(report.page(trace, command: "x").contains("<li>crash of n3"))
        }
    }
#endif
