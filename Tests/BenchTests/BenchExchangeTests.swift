// The benchmark of exchanges: what it fills replicas with, what it counts, what it prints; and
// small runs, which hold exchanges to what they are to move and to read.
import ArgumentParser
import MartletBase
import MartletLocal
import MartletVersions
import MartletWire
import Testing

@testable import MartletBench
@testable import martlet

@Suite("BenchExchange")
struct BenchExchangeTests {
    private let members = [NodeID(rawValue: 1), NodeID(rawValue: 2)]

    @Test("Objects are the same in every run, by either node, of the last 30 days")
    func load() {
        let load = ExchangeLoad(keyCount: 1_000, valueBytes: 100, lostShare: 0.1, replicaCount: 2)
        #expect((60...140).contains((0..<1_000).count { load.isLost($0) }))
        for index in 0..<1_000 {
            let object = load.object(index, writtenBy: members)
            #expect(object == load.object(index, writtenBy: members))
            #expect(object.dots.map(\.actor.node) == [members[index % 2]])
            #expect(object.valueByteCount == 100)
            let age =
                ExchangeLoad.wallStart.milliseconds - object.siblings[0].timestamp.wall.milliseconds
            #expect((1_000...30 * 24 * 3_600 * 1_000 + 1_000).contains(age))
        }
    }

    @Test("Arguments are read, and others refused")
    func arguments() throws {
        let parsed = try BenchExchange.parse(["--keys", "9", "--lost", "0.5", "--replicas", "3"])
        #expect(parsed.keys == 9 && parsed.lost == 0.5 && parsed.replicas == 3 && !parsed.json)
        for bad in [
            ["--keys", "0"], ["--lost", "0"], ["--lost", "101"], ["--replicas", "4"],
            ["--value-bytes", "0"],
        ] {
            #expect(throws: (any Error).self) { try BenchExchange.parse(bad) }
        }
    }

    @Test(
        "Each lost object is sent once, with little beside it, and each leaf is read once",
        arguments: [2, 3])
    func mending(replicas: Int) throws {
        var run = ExchangeRun(
            keyCount: 10_000, valueBytes: 100, lostShare: 0.05, replicaCount: replicas,
            signals: StopSignals())
        run.secondsOfEquals = 120
        run.comparesWrites = false
        let result = try run.measure()
        #expect(result.keysLost > 400 && result.objectsPushed == result.keysLost)
        #expect(result.leavesRead <= result.leavesInvolved)
        let objects = try #require(result.mending.first { $0.kind == .objects })
        // 13 bytes for an object's head, dot, time and lengths, and its share of a parcel.
        #expect(objects.bytes < result.keysLost * (116 + 13 + 4))
        #expect(result.comparisons > 1_024 * (replicas - 1))
        #expect(result.equals.allSatisfy { $0.kind != .nodes && $0.kind != .objects })
        let roots = try #require(result.equals.first { $0.kind == .roots })
        #expect(roots.bytes < result.comparisons * 16)
    }

    @Test("The figures, line for line")
    func text() {
        var result = ExchangeResult(
            ExchangeLoad(keyCount: 1_000, valueBytes: 100, lostShare: 0.01, replicaCount: 2))
        result.keysLost = 10
        result.storedBytesLost = 1_500
        result.bytesMoved = 1_392
        result.mending = [ExchangeResult.Share(kind: .objects, messages: 1, bytes: 1_392)]
        result.treeBytes = 160 << 10
        let lines = result.lines
        #expect(
            lines[1] == "objects           1   1392       139.2                0              0")
        #expect(
            lines.contains(
                "moved   1392 bytes: 1.200 for a byte of keys and values lost, 0.928 for one as "
                    + "stored; 0 objects"))
        result.treeCost = TreeCost([(with: 0.102, without: 0.1)], writes: 1_000)
        #expect(
            result.lines.contains {
                $0.hasSuffix(
                    "2.0 % of the throughput: 102.00 µs of processor time a write with trees, "
                        + "100.00 without")
            })
    }
}
