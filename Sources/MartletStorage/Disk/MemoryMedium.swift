// The contents of one file of a `MemoryDisk`: the bytes as a process sees them, the bytes on the
// medium, and the changes between the two. It has no name: the directory has.
import MartletBase

/// One file, shared by its names in both directories and by all that opened it.
final class MemoryMedium {
    private enum Change {
        case write(Bytes, at: Int)
        case truncate(Int)
    }

    /// Tells the files of a disk apart, so that a copied disk can keep what is one file one file.
    let number: Int
    /// Ranges whose reading fails.
    var unreadable: [Range<Int>] = []
    /// As a process reads them.
    private(set) var bytes = PagedBytes()
    private var durable = PagedBytes()
    private var changes: [Change] = []

    static let sectorBytes = 512

    init(number: Int) { self.number = number }

    var count: Int { bytes.count }

    /// An independent file with the same bytes, synced and not. O(changes not synced).
    func copy() -> MemoryMedium {
        let copy = MemoryMedium(number: number)
        copy.unreadable = unreadable
        copy.bytes = bytes
        copy.durable = durable
        copy.changes = changes
        return copy
    }

    func write(_ run: Bytes, at offset: Int) {
        perform(.write(run, at: offset))
    }

    func truncate(to size: Int) {
        perform(.truncate(size))
    }

    /// Grows with zeros to at least `size`.
    func grow(to size: Int) {
        if size > count { truncate(to: size) }
    }

    /// O(bytes changed since the last).
    func sync() {
        for change in changes { Self.apply(change, to: &durable) }
        changes = []
    }

    /// As Linux does it: the changes are forgotten, still read back, and never reach the medium.
    func failSync() {
        changes = []
    }

    /// Turns a bit wherever the byte is: read, on the medium, or on its way there.
    func flip(bit: Int, at offset: Int) {
        bytes.flip(bit: bit, at: offset)
        durable.flip(bit: bit, at: offset)
        for index in changes.indices {
            guard case .write(var run, let start) = changes[index],
                (start..<start + run.count).contains(offset)
            else { continue }
            run[offset - start] ^= 1 << UInt8(bit)
            changes[index] = .write(run, at: start)
        }
    }

    private func perform(_ change: Change) {
        changes.append(change)
        Self.apply(change, to: &bytes)
    }

    private static func apply(_ change: Change, to bytes: inout PagedBytes) {
        switch change {
        case .truncate(let size): bytes.resize(to: size)
        case .write(let run, let offset): bytes.write(run[...], at: offset)
        }
    }

    // MARK: Crashes

    func crash(_ loss: MemoryDisk.CrashLoss, random: inout SeededRandom) {
        switch loss {
        case .nothing: return
        case .everything: break
        case .tail: keepTail(&random)
        case .sectors: keepSectors(&random)
        }
        changes = []
        bytes = durable
    }

    private func keepTail(_ random: inout SeededRandom) {
        let kept = random.below(changes.count + 1)
        for change in changes[..<kept] { Self.apply(change, to: &durable) }
        guard kept < changes.count, case .write(let run, let offset) = changes[kept] else { return }
        durable.write(run.prefix(random.below(run.count + 1)), at: offset)
    }

    private func keepSectors(_ random: inout SeededRandom) {
        for change in changes {
            switch change {
            case .truncate:
                if random.chance(0.5) { Self.apply(change, to: &durable) }
            case .write(let run, let offset):
                keepSectors(of: run, at: offset, &random)
            }
        }
    }

    /// All of a write, none of it, or any of its sectors; its length may outlive its bytes.
    private func keepSectors(of run: Bytes, at offset: Int, _ random: inout SeededRandom) {
        let keepChance = [0, 0.5, 1][random.below(3)]
        var start = 0
        while start < run.count {
            let room = Self.sectorBytes - (offset + start) % Self.sectorBytes
            let end = min(run.count, start + room)
            if random.chance(keepChance) { durable.write(run[start..<end], at: offset + start) }
            start = end
        }
        if random.chance(0.25) { durable.resize(to: max(durable.count, offset + run.count)) }
    }
}
