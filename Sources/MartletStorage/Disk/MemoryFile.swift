// A handle on a file of a `MemoryDisk`: it asks the disk what goes wrong, and does it.
import MartletBase

/// A handle on a `MemoryMedium`; stale once its disk has halted or crashed. Confined to the thread
/// that its disk is on.
final class MemoryFile: DiskFile, @unchecked Sendable {
    let name: String
    private let medium: MemoryMedium
    private let disk: MemoryDisk
    private let isWritable: Bool
    private let generation: Int

    init(name: String, medium: MemoryMedium, disk: MemoryDisk, isWritable: Bool) {
        self.name = name
        self.medium = medium
        self.disk = disk
        self.isWritable = isWritable
        generation = disk.generation
    }

    private func check(_ operation: DiskError.Operation, at offset: Int = 0) throws(DiskError) {
        if generation != disk.generation || disk.isHalted {
            throw DiskError(operation, name, at: offset, .stale)
        }
    }

    private func begin(_ operation: DiskError.Operation, at offset: Int) throws(DiskError) {
        try check(operation, at: offset)
        if !isWritable { throw DiskError(operation, name, at: offset, .notPermitted) }
        try disk.begin(operation, name, at: offset)
    }

    func size() throws(DiskError) -> Int {
        try check(.read)
        return medium.count
    }

    func read(at offset: Int, count: Int) throws(DiskError) -> Bytes {
        try check(.read, at: offset)
        guard disk.takeRead() else { throw DiskError(.read, name, at: offset, .inputOutput) }
        let bytes = medium.bytes.read(at: offset, count: count)
        let range = offset..<offset + bytes.count
        if let bad = medium.unreadable.first(where: range.overlaps) {
            let first = max(offset, bad.lowerBound)
            throw DiskError(.read, name, at: first, .inputOutput)
        }
        return bytes
    }

    func write(_ bytes: Bytes, at offset: Int) throws(DiskError) {
        try begin(.write, at: offset)
        let fault = disk.takeWriteFault(count: bytes.count)
        if case .short(let kept, let cause) = fault {
            try writePart(bytes, at: offset, kept: kept, cause)
        }
        if let capacity = disk.capacityBytes {
            let growth = max(0, offset + bytes.count - medium.count)
            let missing = growth - max(0, capacity - disk.usedBytes)
            if missing > 0 {
                try writePart(bytes, at: offset, kept: bytes.count - missing, .noSpace)
            }
        }
        switch fault {
        case .lost: medium.grow(to: offset + bytes.count)
        case .misdirected(let other, let place):
            medium.grow(to: offset + bytes.count)
            disk.misdirect(bytes, to: other, at: place)
        case .flipped(let bit):
            medium.write(bytes, at: offset)
            medium.flip(bit: bit % 8, at: offset + bit / 8)
        case .short, nil: medium.write(bytes, at: offset)
        }
    }

    private func writePart(
        _ bytes: Bytes, at offset: Int, kept: Int, _ cause: DiskError.Cause
    ) throws(DiskError) {
        let part = Bytes(bytes.prefix(max(0, kept)))
        medium.write(part, at: offset)
        throw DiskError(.write, name, at: offset + part.count, cause)
    }

    func truncate(to size: Int) throws(DiskError) {
        try begin(.truncate, at: size)
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
