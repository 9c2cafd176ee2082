// The log's blocking half: takes chunks, writes and syncs segments. It runs on the log thread in
// the server and inline in the simulator, one call at a time, and shares nothing with the engine.
public import MartletBase

/// The open end of a node's log; confined to one thread at a time.
public final class LogWriter {
    private struct OpenSegment {
        var number: UInt64
        var file: any DiskFile
        /// Where the next chunk goes.
        var end: Int
        /// How long the file is: from `end` on it holds zeros.
        var allocated: Int

    }

    /// A segment that is full.
    struct Closed {
        var number: UInt64
        /// The position of the last batch in it.
        var last: LogPosition
    }

    /// Why chunks could not be appended, and whether they may be tried again.
    private enum AppendFailure: Error {
        case full(DiskError)
        case final(DiskError)
    }

    private let disk: any Disk
    private let options: StorageOptions
    private let mark: LogMarkFile
    private var segment: OpenSegment
    /// The full segments that are still needed, oldest first.
    private var older: [Closed]
    private var failure: DiskError?
    /// Chunks that are not in a file yet: more than none only while the disk is full, or short of
    /// descriptors or memory, and then as many as the engine's `pendingLimitBytes` lets through.
    private var held: [LogChunk] = []
    /// Whether one of them, or one in the file, is to be synced as soon as all are written.
    private var owesSync = false
    private var encoded = ByteWriter()

    /// The position up to which batches were handed to the file.
    public private(set) var written: LogPosition
    /// The position up to which they were synced.
    public private(set) var synced: LogPosition

    init(
        disk: any Disk, options: StorageOptions, mark: LogMarkFile, segment number: UInt64,
        file: any DiskFile, end: Int, allocated: Int, older: [Closed], recovered: LogPosition
    ) {
        self.disk = disk
        self.options = options
        self.mark = mark
        segment = OpenSegment(number: number, file: file, end: end, allocated: allocated)
        self.older = older
        written = recovered
        synced = recovered
    }

    /// Whether a full disk holds chunks back: `commit([])` tries them again.
    public var isHoldingBack: Bool { !held.isEmpty }

    /// Whether something was written that is not synced.
    public var needsSync: Bool { written > synced }

    /// Appends `chunks` and, in mode `everyWrite` or where one of them asks for it, syncs: one
    /// write and one sync for all of them.
    /// With no chunks it tries again what a full disk held back.
    public func commit(_ chunks: [LogChunk]) -> LogOutcome {
        let outcome = append(chunks)
        if case .written = outcome, isSyncOwed { return sync() }
        return outcome
    }

    /// Whether what was written is to be synced at once: in mode `everyWrite` always, in others
    /// where a chunk asks for it.
    public var isSyncOwed: Bool { owesSync || options.sync == .everyWrite }

    /// Hands `chunks` to the file, in order, after those that a full disk held back.
    public func append(_ chunks: [LogChunk]) -> LogOutcome {
        if let failure { return .failed(failure) }
        if chunks.contains(where: \.needsSync) { owesSync = true }
        held += chunks.lazy.filter { $0.byteCount > 0 }
        do {
            while !held.isEmpty { try appendHeld() }
            return .written(written)
        } catch {
            switch error {
            case .full(let error): return .full(error)
            case .final(let error): return fail(error)
            }
        }
    }

    /// Syncs what was written. A failure is final: the system may have dropped the very bytes.
    public func sync() -> LogOutcome {
        if let failure { return .failed(failure) }
        if !needsSync {
            if held.isEmpty { owesSync = false }
            return .synced(synced)
        }
        do {
            try segment.file.sync()
            synced = written
            if held.isEmpty { owesSync = false }
            return .synced(synced)
        } catch {
            return fail(error)
        }
    }

    /// Removes the segments that hold nothing behind `flushed`: the tables hold it all.
    public func release(upTo flushed: LogPosition) {
        while let first = older.first, first.last <= flushed {
            // What cannot be removed now is removed when the log is next opened.
            try? disk.remove(LogFormat.segmentName(first.number))
            older.removeFirst()
        }
    }

    /// Tries once more what is held back, syncs, marks the end, and gives the directory back.
    /// Nothing may be committed afterwards.
    public func close() -> LogOutcome {
        var outcome = append([])
        if case .written = outcome { outcome = sync() }
        do { try writeMark() } catch { outcome = fail(error) }
        if failure == nil { failure = DiskError(.write, segment.file.name, .stale) }
        disk.unlock()
        return outcome
    }

    /// Writes down whose data this is: `owner` is at most 900 bytes, and shown by whoever finds the
    /// directory damaged.
    public func note(owner: Bytes) -> LogOutcome {
        do { try writeMark(owner: owner) } catch { return fail(error) }
        return .synced(synced)
    }

    /// Has the mark demand what the log holds now.
    func writeMark(owner: Bytes? = nil) throws(DiskError) {
        if let failure { throw failure }
        try mark.write(
            LogMark(segment: segment.number, synced: synced, owner: owner ?? mark.mark.owner))
    }

    private func fail(_ error: DiskError) -> LogOutcome {
        failure = error
        held = []
        return .failed(error)
    }

    // MARK: Appending

    /// Writes as many held chunks as the segment takes, with one write.
    private func appendHeld() throws(AppendFailure) {
        if segment.end >= options.segmentBytes { try beginSegment() }
        encoded.removeAll()
        var count = 0
        while count < held.count, segment.end + encoded.count < options.segmentBytes {
            let merged = mergedChunk(from: count)
            merged.chunk.encode(
                synced: synced, compress: options.compressLog, segment: segment.number,
                at: segment.end + encoded.count, into: &encoded)
            count += merged.count
        }
        try write(encoded.bytes)
        written = held[count - 1].last
        held.removeFirst(count)
    }

    /// The held chunks from `start` on that fit into one of the target size: small ones cost a
    /// header each and compress badly.
    private func mergedChunk(from start: Int) -> (chunk: LogChunk, count: Int) {
        var end = start + 1
        var bytes = held[start].byteCount
        while end < held.count, bytes + held[end].byteCount <= options.chunkTargetBytes {
            bytes += held[end].byteCount
            end += 1
        }
        if end == start + 1 { return (held[start], 1) }
        var payload = Bytes()
        payload.reserveCapacity(bytes)
        for chunk in held[start..<end] { payload += chunk.payload }
        let merged = LogChunk(first: held[start].first, last: held[end - 1].last, payload: payload)
        return (merged, end - start)
    }

    /// Writes at the segment's end, with zeros behind where the file must grow anyway.
    private func write(_ bytes: Bytes) throws(AppendFailure) {
        let end = segment.end + bytes.count
        // Where syncs are rare, the zeros would cost more than the file lengths that they save.
        let prewriteBytes = options.sync == .everyWrite ? options.prewriteBytes : 0
        let ahead = min(end + prewriteBytes, options.segmentBytes)
        if end > segment.allocated, ahead > end {
            do {
                try writeOrCut(bytes + Bytes(repeating: 0, count: ahead - end))
                segment.allocated = ahead
                segment.end = end
                return
            } catch {
                // There may still be room without the zeros.
                if case .final = error { throw error }
            }
        }
        try writeOrCut(bytes)
        segment.end = end
        segment.allocated = max(segment.allocated, end)
    }

    /// On a full disk and the like, cuts the file back to its last whole chunk so that the write
    /// can be tried again; every other failure leaves the file in doubt and is final.
    private func writeOrCut(_ bytes: Bytes) throws(AppendFailure) {
        do {
            try segment.file.write(bytes, at: segment.end)
        } catch {
            guard error.mayPass else { throw .final(error) }
            do {
                try segment.file.truncate(to: segment.end)
            } catch let cut {
                throw .final(cut)
            }
            segment.allocated = segment.end
            throw .full(error)
        }
    }

    /// Closes the full segment, synced in every mode, and begins the next.
    private func beginSegment() throws(AppendFailure) {
        if case .failed(let error) = sync() { throw .final(error) }
        let header = SegmentHeader(
            number: segment.number + 1, first: written.advanced(by: 1))
        do {
            let file = try LogWriter.createSegment(header, on: disk)
            older.append(Closed(number: segment.number, last: written))
            segment = OpenSegment(
                number: header.number, file: file, end: LogFormat.segmentHeaderBytes,
                allocated: LogFormat.segmentHeaderBytes)
            try writeMark()
        } catch {
            throw error.mayPass ? .full(error) : .final(error)
        }
    }

    /// Makes a segment that survives a loss of power before any chunk is in it. Made again from
    /// the start when a full disk stopped it.
    static func createSegment(
        _ header: SegmentHeader, on disk: any Disk
    ) throws(DiskError) -> any DiskFile {
        let file = try disk.open(LogFormat.segmentName(header.number), .empty)
        try file.write(header.encoded(), at: 0)
        try file.sync()
        try disk.syncDirectory()
        return file
    }
}
