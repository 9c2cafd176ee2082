// The files of a `MemoryDisk`: the bytes as a process sees them, the bytes on the medium, and the
// changes between the two.
import MartletBase

/// The contents of one file, shared by all that opened it.
final class MemoryMedium {
    private enum Change {
        case write(Bytes, at: Int)
        case truncate(Int)
    }

    /// As a process reads them.
    private(set) var bytes: Bytes = []
    private var durable: Bytes = []
    private var changes: [Change] = []

    private static let sectorBytes = 512

    var count: Int { bytes.count }

    func write(_ run: Bytes, at offset: Int) {
        perform(.write(run, at: offset))
    }

    func truncate(to size: Int) {
        perform(.truncate(size))
    }

    func sync() {
        for change in changes { Self.apply(change, to: &durable) }
        changes = []
    }

    /// As Linux does it: the changes are forgotten, still read back, and never reach the medium.
    func failSync() {
        changes = []
    }

    private func perform(_ change: Change) {
        changes.append(change)
        Self.apply(change, to: &bytes)
    }

    private static func apply(_ change: Change, to bytes: inout Bytes) {
        switch change {
        case .truncate(let size):
            if size < bytes.count {
                bytes.removeLast(bytes.count - size)
            } else {
                bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
            }
        case .write(let run, let offset):
            let end = offset + run.count
            if bytes.count < end {
                bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
            }
            bytes.replaceSubrange(offset..<end, with: run)
        }
    }

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
        let torn = Bytes(run.prefix(random.below(run.count + 1)))
        Self.apply(.write(torn, at: offset), to: &durable)
    }

    private func keepSectors(_ random: inout SeededRandom) {
        for change in changes {
            guard case .write(let run, let offset) = change else {
                if random.chance(0.5) { Self.apply(change, to: &durable) }
                continue
            }
            var start = 0
            while start < run.count {
                let room = Self.sectorBytes - (offset + start) % Self.sectorBytes
                let end = min(run.count, start + room)
                if random.chance(0.5) {
                    Self.apply(.write(Bytes(run[start..<end]), at: offset + start), to: &durable)
                }
                start = end
            }
        }
    }
}

/// A handle on a `MemoryMedium`; stale once its disk has crashed.
final class MemoryFile: DiskFile, @unchecked Sendable {
    let name: String
    private let medium: MemoryMedium
    private let disk: MemoryDisk
    private let generation: Int

    init(name: String, medium: MemoryMedium, disk: MemoryDisk) {
        self.name = name
        self.medium = medium
        self.disk = disk
        generation = disk.generation
    }

    private func check(_ operation: DiskError.Operation, at offset: Int = 0) throws(DiskError) {
        if generation != disk.generation { throw DiskError(operation, name, at: offset, .stale) }
    }

    func size() throws(DiskError) -> Int {
        try check(.read)
        return medium.count
    }

    func read(at offset: Int, count: Int) throws(DiskError) -> Bytes {
        try check(.read, at: offset)
        let start = min(offset, medium.count)
        return Bytes(medium.bytes[start..<min(medium.count, start + count)])
    }

    func write(_ bytes: Bytes, at offset: Int) throws(DiskError) {
        try check(.write, at: offset)
        try disk.begin(.write, name, at: offset)
        guard disk.takeWrite() else { throw DiskError(.write, name, at: offset, .inputOutput) }
        let growth = max(0, offset + bytes.count - medium.count)
        if let capacity = disk.capacityBytes {
            let missing = growth - max(0, capacity - disk.usedBytes)
            if missing > 0 {
                medium.write(Bytes(bytes.dropLast(missing)), at: offset)
                throw DiskError(.write, name, at: offset, .noSpace)
            }
        }
        medium.write(bytes, at: offset)
    }

    func truncate(to size: Int) throws(DiskError) {
        try check(.truncate, at: size)
        try disk.begin(.truncate, name, at: size)
        medium.truncate(to: size)
    }

    func sync() throws(DiskError) {
        try check(.sync)
        try disk.begin(.sync, name)
        guard disk.takeSync() else {
            medium.failSync()
            throw DiskError(.sync, name, .inputOutput)
        }
        medium.sync()
    }
}
