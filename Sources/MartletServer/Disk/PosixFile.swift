// One file of a `PosixDisk`: positioned reads and writes, synced with fdatasync, which also makes
// a new length durable but spares the journal when only contents changed.
import Glibc
import MartletBase
import MartletStorage

/// A `DiskFile` over a descriptor.
final class PosixFile: DiskFile {
    let name: String
    private let descriptor: Descriptor
    private let isWritable: Bool

    /// Reads up to this many bytes are made room for unseen; a longer one is first cut to what the
    /// file holds, so that a damaged length cannot ask for memory without end.
    private static let unmeasuredReadLimitBytes = 1 << 20

    init(name: String, descriptor: Descriptor, isWritable: Bool = true) {
        self.name = name
        self.descriptor = descriptor
        self.isWritable = isWritable
    }

    func size() throws(DiskError) -> Int {
        var status = stat()
        if unsafe fstat(descriptor.number, &status) != 0 { throw failure(.read, name) }
        return Int(status.st_size)
    }

    func read(at offset: Int, count: Int) throws(DiskError) -> Bytes {
        var length = count
        if length > Self.unmeasuredReadLimitBytes {
            length = max(0, min(length, try size() - offset))
        }
        var problem: DiskError?
        let bytes = unsafe Bytes(unsafeUninitializedCapacity: length) { target, filled in
            while filled < length {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(target)[filled..<length])
                let step = retrying {
                    unsafe pread(
                        descriptor.number, rest.baseAddress, rest.count, offset + filled)
                }
                if step < 0 { problem = failure(.read, name, at: offset + filled) }
                if step <= 0 { return }
                filled += step
            }
        }
        if let problem { throw problem }
        return bytes
    }

    func write(_ bytes: Bytes, at offset: Int) throws(DiskError) {
        if !isWritable { throw DiskError(.write, name, at: offset, .notPermitted) }
        var done = 0
        while done < bytes.count {
            let step = retrying {
                unsafe bytes.withUnsafeBytes { source in
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: source[done...])
                    return unsafe pwrite(
                        descriptor.number, rest.baseAddress, rest.count, offset + done)
                }
            }
            if step < 0 { throw failure(.write, name, at: offset + done) }
            if step == 0 { throw DiskError(.write, name, at: offset + done, .noSpace) }
            done += step
        }
    }

    func truncate(to size: Int) throws(DiskError) {
        if !isWritable { throw DiskError(.truncate, name, at: size, .notPermitted) }
        if retrying({ ftruncate(descriptor.number, size) }) != 0 {
            throw failure(.truncate, name, at: size)
        }
    }

    func sync() throws(DiskError) {
        if retrying({ fdatasync(descriptor.number) }) != 0 { throw failure(.sync, name) }
    }
}
