// The benchmark of storage: what it writes, how it counts, what it prints; and one small run.
import ArgumentParser
import Foundation
import MartletBase
import MartletLocal
import MartletStorage
import MartletViews
import Testing

@testable import MartletBench
@testable import martlet

@Suite("BenchStorage")
struct BenchStorageTests {
    @Test("Keys are the same in every run, 16 bytes long, in partitions by their first bits")
    func keys() {
        let load = StorageLoad(keyCount: 1_000, valueBytes: 100)
        #expect(Set((0..<1_000).map { load.key($0).key }).count == 1_000)
        for index in 0..<1_000 {
            let key = load.key(index)
            #expect(key.key.count == StorageLoad.keyBytes)
            let front = UInt16(key.key[0]) << 8 | UInt16(key.key[1])
            #expect(key.partition == front >> 6 && key.partition == StorageLoad.partition(index))
        }
        // The finaliser of SplitMix64 takes 1 to this word; other programs must find the same.
        let word: Bytes = [0x56, 0x92, 0x16, 0x1D, 0x10, 0x0B, 0x05, 0xE5]
        #expect(Bytes(load.key(0).key.prefix(8)) == word)
    }

    @Test("Half of a value repeats the other half", arguments: [100, 1_024])
    func values(valueBytes: Int) {
        let load = StorageLoad(keyCount: 10, valueBytes: valueBytes)
        for index in 0..<10 {
            let value = load.value(index)
            #expect(value.count == valueBytes)
            #expect(value[0..<50] == value[50..<100])
            #expect(value != load.value(index, version: 1))
            #expect(value == load.value(index))
        }
    }

    @Test("Picks stay among the keys and reach most of them")
    func picks() {
        let load = StorageLoad(keyCount: 100, valueBytes: 1)
        let picked = Set((0..<1_000).map { load.pick($0, salt: 1) })
        #expect(picked.allSatisfy((0..<100).contains) && picked.count > 90)
        #expect((0..<9).map { load.pick($0, salt: 1) } != (0..<9).map { load.pick($0, salt: 2) })
    }

    @Test("Latencies are right to a sixteenth")
    func latency() {
        var latency = StorageLatency()
        #expect(latency.nanoseconds(within: 0.5) == 0)
        for value in 1...100_000 as ClosedRange<UInt64> { latency.record(value) }
        #expect(latency.count == 100_000 && latency.longest == 100_000)
        for share in [0.01, 0.5, 0.99, 0.999, 1] {
            let exact = share * 100_000
            let found = Double(latency.nanoseconds(within: share))
            #expect(found >= exact && found <= exact * 17 / 16, "\(share): \(found)")
        }
        latency.record(.max)
        #expect(latency.nanoseconds(within: 1) == .max)
    }

    @Test("Arguments are read, and others refused")
    func arguments() throws {
        let command = try #require(
            Martlet.parseAsRoot([
                "bench", "storage", "--keys", "5", "--value-bytes", "7,9", "--workload",
                "read-hot,scan", "--block-cache", "32MiB", "--sync", "20ms", "--json",
            ]) as? BenchStorage)
        #expect(command.keys == 5 && command.valueBytes.elements == [7, 9] && command.json)
        #expect(command.workload.workloads == [.readHot, .scan])
        #expect(command.blockCache.bytes == 32 << 20)
        #expect(command.sync.mode == .interval(.milliseconds(20)))
        #expect(WorkloadList(argument: "all")?.workloads == StorageWorkload.allCases)
        #expect(SizeArgument(argument: "4096")?.bytes == 4_096)
        #expect(SyncArgument(argument: "os")?.mode == .operatingSystem)
        #expect(SyncArgument(argument: "every-write")?.mode == .everyWrite)
    }

    @Test(
        "What measures nothing is refused",
        arguments: [
            ["--keys", "0"], ["--value-bytes", "0"], ["--value-bytes", "2000000"],
            ["--workload", "fly"], ["--workload", "scan,scan"], ["--block-cache", "3parsecs"],
            ["--block-cache", "99999999999GiB"], ["--sync", "never"], ["--operations", "0"],
        ])
    func refusals(words: [String]) {
        #expect(throws: (any Error).self) {
            try Martlet.parseAsRoot(["bench", "storage"] + words)
        }
    }

    @Test("A small run measures every workload, and leaves what opens again")
    func run() throws {
        let directory = try BenchPlaces.newFolder(in: BenchPlaces.standardParent)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var options = StorageOptions()
        options.sync = .operatingSystem
        options.flushBytes = 64 << 10
        options.memtableLimitBytes = 256 << 10
        options.levelOneBytes = 64 << 10
        options.blockCacheBytes = 32 << 10
        let run = StorageRun(
            keyCount: 5_000, valueBytes: 100, options: options, operations: 2_000,
            signals: StopSignals())
        let result = try run.measure(
            StorageWorkload.allCases, in: directory + "/data", tell: { _ in })
        #expect(result.measured.map(\.workload) == StorageWorkload.allCases)
        #expect(result.measured.allSatisfy { $0.operationsPerSecond > 0 })
        #expect(result.measured[0].latency.count == 5_000)
        #expect(try #require(result.measured[0].writeAmplification) > 1)
        #expect(result.measured[1].writeAmplification == nil)
        #expect(result.compression > 1.2 && result.tableCount > 0)
        #expect(try #require(result.writesPerSync) > 20)
        #expect(try #require(result.opening).tables == result.tableCount)
        var report = StorageReport(
            machine: .current(), fileSystem: "ext4", blockCacheBytes: options.blockCacheBytes)
        report.results = [result]
        #expect(report.lines.contains { $0.hasPrefix("group commit") })
        let text = JSONText.lines(StorageReportJSON(report))
        #expect(text.contains("\"name\" : \"read-random\""))
    }
}
