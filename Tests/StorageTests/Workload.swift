// The scripts that tests of crashes and faults run to each single operation of the disk. Each is
// short, and reaches one part of the engine that a crash may cut in two.
import MartletBase
import Testing

@testable import MartletStorage

/// A named script.
struct Workload: Sendable, CustomTestStringConvertible {
    let name: String
    var options = StorageOptions.brief
    /// Whether the script damages a file: then ranges of keys may be lost, and are reported.
    var isDamaging = false
    /// The fewest operations on the disk that make it worth its while.
    var expectedOperations = 15
    let run: @Sendable (Stage) throws -> Void

    var testDescription: String { name }

    static let all = [
        opening, singles, batches, unsynced, segments, flush, levels, drops, manifests, reopening,
        logBehind, salvage, salvageAtOpening,
    ]

    private static let opening = Workload(name: "opening", expectedOperations: 5) { _ in }

    private static let singles = Workload(name: "single writes") { stage in
        for index in 0..<6 {
            try stage.put("key \(index % 4)", 20 + index)
            stage.commit()
        }
    }

    private static let batches = Workload(name: "batches over all spaces") { stage in
        for index in 0..<4 {
            var batch = WriteBatch()
            let key = Bytes(text: "k\(index % 2)")
            batch.put(.object(partition: 1, key: key), .filled("object \(index)", 300))
            batch.put(
                .hint(partition: 1, key: key, home: NodeID(rawValue: 9)), .filled("hint", 600))
            batch.put(.state("counter"), [UInt8(index)])
            if index == 2 { batch.delete(.object(partition: 1, key: Bytes(text: "k1"))) }
            try stage.write(batch)
            if index % 2 == 1 { stage.commit() }
        }
    }

    private static let unsynced = Workload(
        name: "writes that the system syncs", options: .brief(sync: .operatingSystem)
    ) { stage in
        for index in 0..<5 {
            try stage.put("key \(index)", 400)
            stage.commit()
        }
        for index in 0..<6 { try stage.put("more \(index)", 400) }
        stage.settle()
        stage.append()
        stage.settle()
    }

    private static let segments = Workload(
        name: "segments of the log", options: .brief(prewrite: 700)
    ) { stage in
        for index in 0..<12 {
            try stage.put("key \(index % 3)", 700)
            stage.commit()
            if index % 4 == 3 { stage.settle() }
        }
    }

    private static let flush = Workload(name: "flush") { stage in
        for round in 0..<2 {
            for index in 0..<5 { try stage.put("key \(round + index)", 300) }
            stage.commit()
            stage.settle()
        }
        try stage.put("last", 10)
        stage.commit()
    }

    private static let levels = Workload(name: "compaction over the levels") { stage in
        for index in 0..<9 {
            for part in 0..<3 { try stage.put("key \((index * 3 + part) % 17)", 330 + index) }
            var batch = WriteBatch()
            batch.delete(.object(partition: 0, key: Bytes(text: "key \(index % 5)")))
            try stage.write(batch)
            stage.commit()
            stage.settle()
        }
    }

    private static let drops = Workload(name: "drops of partitions") { stage in
        for round in 0..<3 {
            for index in 0..<4 { try stage.put("key \(index)", 200, UInt16(index % 2)) }
            var batch = WriteBatch()
            batch.put(.object(partition: 1, key: Bytes(text: "before")), [1])
            batch.drop(.objects, partition: 1)
            batch.put(.object(partition: 1, key: Bytes(text: "after")), [UInt8(round)])
            try stage.write(batch)
            try stage.put("filler", 900)
            try stage.put("filler", 901)
            stage.commit()
            stage.settle()
        }
        var batch = WriteBatch()
        batch.drop(.objects, partition: 0)
        try stage.write(batch)
        stage.commit()
    }

    private static let manifests = Workload(
        name: "a manifest made anew", options: .brief(manifestGrowth: 64)
    ) { stage in
        for index in 0..<6 {
            for part in 0..<4 { try stage.put("key \((index + part) % 6)", 310) }
            stage.commit()
            stage.settle()
        }
    }

    private static let reopening = Workload(name: "closing and opening again") { stage in
        for round in 0..<3 {
            for index in 0..<3 { try stage.put("key \(round) \(index)", 250) }
            stage.commit()
            try stage.put("last", 10 + round)
            try stage.reopen()
        }
    }

    private static let logBehind = Workload(
        name: "tables ahead of the log", options: .brief(sync: .operatingSystem)
    ) { stage in
        for round in 0..<2 {
            for index in 0..<8 { try stage.put("key \(index)", 320 + round) }
            stage.settle()
            stage.append()
            try stage.put("tail \(round)", 30)
        }
        try stage.reopen()
        try stage.put("end", 30)
        stage.commit()
    }
}

extension Workload {
    private static let salvage = Workload(name: "salvage of a table", isDamaging: true) { stage in
        let keys = (0..<9).map { StorageKey.object(partition: 0, key: Bytes(text: "key \($0)")) }
        for index in 0..<9 { try stage.put("key \(index)", 230) }
        stage.commit()
        stage.settle()
        try stage.damageTable(0, at: TableFormat.headerBytes + 40)
        for key in keys { stage.get(key) }
        stage.settle()
        for key in keys { stage.get(key) }
        try stage.put("key 1", 20)
        stage.commit()
    }

    private static let salvageAtOpening = Workload(
        name: "salvage of a table without its end", isDamaging: true
    ) { stage in
        for index in 0..<9 { try stage.put("key \(index)", 230) }
        stage.commit()
        stage.settle()
        try stage.damageTable(0, at: -20)
        try stage.reopen()
        try stage.put("key 1", 20)
        stage.commit()
    }
}

extension StorageOptions {
    /// As `tiny`, with a log of short segments and chunks.
    static var brief: StorageOptions { brief() }

    static func brief(
        sync: SyncMode = .everyWrite, prewrite: Int = 0, manifestGrowth: Int? = nil
    ) -> StorageOptions {
        var options = StorageOptions.tiny
        options.sync = sync
        options.prewriteBytes = prewrite
        options.chunkTargetBytes = 512
        if let manifestGrowth { options.manifestGrowthBytes = manifestGrowth }
        return options
    }
}
