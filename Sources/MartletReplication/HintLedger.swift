// What is known of the hints kept here without reading them: how many for whom, and how large.
internal import MartletBase
internal import MartletStorage

/// The count of the hints that this node keeps.
struct HintLedger {
    /// What one step does to one hint.
    struct Change {
        var home: NodeID
        var partition: UInt16
        /// 1 for a hint that is made, -1 for one that is forgotten, 0 for one that is renewed.
        var count: Int
        var bytes: Int
    }

    /// Hints kept for each home; a home without any has no entry.
    private(set) var perHome: [NodeID: Int] = [:]
    /// Hints kept in each partition; one without any has no entry.
    private(set) var perPartition: [UInt16: Int] = [:]
    /// Bytes of their keys and of what they carry.
    private(set) var bytes = 0
    /// Hints made and delivered since the start: what was found then and what was made is what was
    /// delivered and what is kept.
    private(set) var made: UInt64 = 0
    private(set) var delivered: UInt64 = 0
    /// Whether the store holds exactly what was counted: hints may go, or come back, with a damaged
    /// table, until the next start counts them again.
    private var isExact = true

    /// Above every partition's index, so that there is always one more to go on from.
    private static let lastPartition = UInt16.max - 1

    /// Counts what `engine` holds, from the disk where need be. O(hints).
    init(counting engine: StorageEngine) throws(StorageError) {
        var cursor: StorageKey?
        repeat {
            let page = try engine.scanNow(.hints, after: cursor)
            for entry in page.entries {
                guard let home = entry.key.home else { continue }
                perHome[home, default: 0] += 1
                perPartition[entry.key.partition, default: 0] += 1
                bytes += entry.key.key.count + entry.value.count
            }
            cursor = page.next
        } while cursor != nil
    }

    mutating func take(_ change: Change) {
        if change.count > 0 { made += 1 }
        if change.count < 0 { delivered += 1 }
        let count = perHome[change.home, default: 0] + change.count
        invariant(count >= 0 || !isExact, "\(count) hints for \(change.home)")
        perHome[change.home] = count > 0 ? count : nil
        let here = perPartition[change.partition, default: 0] + change.count
        perPartition[change.partition] = here > 0 ? here : nil
        bytes = max(0, bytes + change.bytes)
    }

    /// Where to look for hints from `partition` on: in the next one that holds some; once the store
    /// may hold others than were counted, in all that follow. Nil when there are none. O(partitions
    /// with hints): a store sorts what it scans, forgotten hints included.
    func partitions(from partition: UInt16) -> ClosedRange<UInt16>? {
        if !isExact {
            return partition <= Self.lastPartition ? partition...Self.lastPartition : nil
        }
        // any order: the least is the least.
        return perPartition.keys.lazy.filter { $0 >= partition }.min().map { $0...$0 }
    }

    /// The store may have lost hints, or may show some again that were forgotten.
    mutating func damageFound() {
        isExact = false
    }
}
