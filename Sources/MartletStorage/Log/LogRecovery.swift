// Opening: reads the log back into a memtable, cuts what a crash tore, refuses what was damaged.

// A chunk that does not read back was either torn by a crash before its sync, or damaged after it.
// It was torn only if it stands in the last segment and no whole chunk behind it was written when
// the log was already known to be synced past it; then it and all behind it are cut away: none of
// that was ever reported as synced. Otherwise acknowledged data is lost and the log does not open.
import MartletBase

/// What opening a node's storage found.
package struct RecoveryReport: Hashable, Sendable {
    /// Segments read.
    package internal(set) var segments = 0
    /// Whole chunks read.
    package internal(set) var chunks = 0
    /// Batches applied.
    package internal(set) var batches = 0
    /// Bytes of segments read, without the zeros written ahead.
    package internal(set) var bytes = 0
    /// Bytes cut from the end of the last segment because a crash had torn them; 0 otherwise.
    package internal(set) var tornBytes = 0
    /// The position of the last batch applied.
    package internal(set) var recovered = LogPosition.start
}

/// What `StorageEngine.open` hands over: one half for the loop, one for the log thread.
package struct OpenedStorage {
    /// The foreground half.
    package let engine: StorageEngine
    /// The blocking half.
    package let log: LogWriter
    /// What was found.
    package let report: RecoveryReport
}

extension StorageEngine {
    /// Takes the disk, replays its log, makes the first segment of an empty one. Blocks; O(log).
    package static func open(
        disk: any Disk, options: StorageOptions = StorageOptions()
    ) throws(StorageError) -> OpenedStorage {
        try options.validate()
        do {
            try disk.lock()
        } catch {
            throw .disk(error)
        }
        do {
            var recovery = LogRecovery(disk: disk, options: options)
            return try recovery.run()
        } catch {
            disk.unlock()
            throw error
        }
    }
}

private struct LogRecovery {
    let disk: any Disk
    let options: StorageOptions
    private var memtable = Memtable()
    private var report = RecoveryReport()
    /// The position that the next chunk must begin with; nil before the first segment.
    private var next: LogPosition?
    /// The chunks of the segment read last.
    private var chunks: [(last: LogPosition, offset: Int)] = []
    /// The position up to which the chunks read prove the log to have been synced.
    private var proven = LogPosition.start
    /// Bytes of batches replayed, before compression.
    private var loggedBytes = 0

    init(disk: any Disk, options: StorageOptions) {
        self.disk = disk
        self.options = options
    }

    /// One file of the log.
    private struct Segment {
        var number: UInt64
        var file: any DiskFile
        var bytes: Bytes
        /// Nil only in the last segment: a crash fell into its making.
        var header: SegmentHeader?
    }

    private func onDisk<Value>(
        _ body: () throws(DiskError) -> Value
    ) throws(StorageError) -> Value {
        do {
            return try body()
        } catch {
            throw .disk(error)
        }
    }

    mutating func run() throws(StorageError) -> OpenedStorage {
        let numbers = try onDisk { () throws(DiskError) in try disk.list() }
            .compactMap { LogFormat.segmentNumber($0) }.sorted()
        guard let last = numbers.last else { return try begin(1, floor: 1) }
        let headers = try readHeaders(numbers)
        let floor = headers.reduce(1) { max($0, $1.floor) }
        try expectEverySegment(of: numbers, from: floor)
        for number in numbers where number >= floor && number < last {
            let segment = try read(number)
            let stop = try replay(segment)
            if let problem = stop.problem { throw corrupt(segment, problem) }
        }
        let segment = try read(last)
        let opened =
            segment.header == nil
            ? try begin(last, floor: floor) : try openLast(segment, floor: floor)
        try removeSegments(numbers.filter { $0 < floor })
        return opened
    }

    // MARK: Which segments there are

    /// The headers that read back. Only the last segment may be without one.
    private func readHeaders(_ numbers: [UInt64]) throws(StorageError) -> [SegmentHeader] {
        var headers: [SegmentHeader] = []
        for number in numbers {
            let name = LogFormat.segmentName(number)
            let bytes = try onDisk { () throws(DiskError) in
                try disk.open(name, .existing).read(at: 0, count: LogFormat.segmentHeaderBytes)
            }
            do throws(FormatError) {
                let header = try SegmentHeader(decoding: bytes)
                guard header.number == number else {
                    throw FormatError(.invalid("segment number"), at: 0)
                }
                headers.append(header)
            } catch {
                if case .unsupportedVersion(let version) = error.reason {
                    throw .unsupportedVersion(file: name, version: version)
                }
                if number != numbers.last {
                    throw .corruptLog(file: name, offset: error.offset, reason: error.reason)
                }
            }
        }
        return headers
    }

    private func expectEverySegment(
        of numbers: [UInt64], from floor: UInt64
    ) throws(StorageError) {
        var expected = floor
        for number in numbers where number >= floor {
            if number != expected {
                throw .missingSegment(file: LogFormat.segmentName(expected))
            }
            expected = number + 1
        }
    }

    private func removeSegments(_ numbers: [UInt64]) throws(StorageError) {
        if numbers.isEmpty { return }
        try onDisk { () throws(DiskError) in
            for number in numbers { try disk.remove(LogFormat.segmentName(number)) }
            try disk.syncDirectory()
        }
    }

    // MARK: Reading one segment

    private mutating func read(_ number: UInt64) throws(StorageError) -> Segment {
        let name = LogFormat.segmentName(number)
        let file = try onDisk { () throws(DiskError) in try disk.open(name, .existing) }
        let size = try onDisk { () throws(DiskError) in try file.size() }
        guard size <= LogFormat.segmentLimitBytes else {
            throw .corruptLog(file: name, offset: 0, reason: .tooLarge("segment"))
        }
        let bytes = try onDisk { () throws(DiskError) in try file.read(at: 0, count: size) }
        let header = try? SegmentHeader(decoding: Bytes(bytes.prefix(LogFormat.segmentHeaderBytes)))
        let segment = Segment(number: number, file: file, bytes: bytes, header: header)
        if let header {
            guard header.first == next ?? header.first else {
                throw corrupt(segment, FormatError(.invalid("first position"), at: 0))
            }
            next = header.first
        } else if provesDamage(bytes, from: 0, lost: .start) {
            throw corrupt(segment, FormatError(.invalid("segment header"), at: 0))
        }
        return segment
    }

    private func corrupt(_ segment: Segment, _ problem: FormatError) -> StorageError {
        .corruptLog(file: segment.file.name, offset: problem.offset, reason: problem.reason)
    }

    /// Applies the segment's chunks up to its end or to the first that does not read back.
    private mutating func replay(
        _ segment: Segment
    ) throws(StorageError) -> (end: Int, problem: FormatError?) {
        let bytes = segment.bytes
        var offset = LogFormat.segmentHeaderBytes
        report.segments += 1
        chunks = []
        defer { report.bytes += offset }
        while offset < bytes.count {
            let header: ChunkHeader
            do throws(FormatError) {
                header = try ChunkHeader(decoding: bytes, at: offset)
                try header.verify(bytes, at: offset)
                guard header.first == next else {
                    throw FormatError(.invalid("chunk position"), at: offset)
                }
            } catch {
                let isCleanEnd = bytes[offset...].allSatisfy { $0 == 0 }
                return (offset, isCleanEnd ? nil : FormatError(error.reason, at: offset))
            }
            let batches: [WriteBatch]
            do throws(FormatError) {
                batches = try LogChunk(header: header, in: bytes, at: offset).batches()
            } catch {
                throw corrupt(segment, FormatError(error.reason, at: offset))
            }
            try apply(batches)
            report.chunks += 1
            loggedBytes += header.raw
            chunks.append((header.last, offset))
            proven = max(proven, header.synced)
            next = header.last.advanced(by: 1)
            offset = header.payload(at: offset).upperBound
        }
        return (offset, nil)
    }

    private mutating func apply(_ batches: [WriteBatch]) throws(StorageError) {
        for batch in batches {
            memtable.apply(batch)
            if memtable.byteCount > options.memtableLimitBytes {
                throw .memtableLimit(bytes: options.memtableLimitBytes)
            }
        }
        report.batches += batches.count
    }

    // MARK: The end of the log

    /// Whether `bytes` holds, at `offset` or behind it, a whole chunk that was written when the
    /// log was known to be synced up to `position`. What is checked is bounded, because bytes that
    /// clients chose lie here: past the bound damage is assumed.
    private func provesDamage(_ bytes: Bytes, from offset: Int, lost position: LogPosition) -> Bool
    {
        var budget = 16 * bytes.count
        var candidate = offset
        while candidate + LogFormat.chunkHeaderBytes < bytes.count {
            defer { candidate += 1 }
            guard bytes[candidate + 32] <= 1, bytes[candidate + 33] == 0,
                bytes[candidate + 34] == 0, bytes[candidate + 35] == 0,
                let header = try? ChunkHeader(decoding: bytes, at: candidate),
                header.synced >= position
            else { continue }
            budget -= header.stored
            if budget < 0 { return true }
            if (try? header.verify(bytes, at: candidate)) != nil { return true }
        }
        return false
    }

    /// Replays the last segment, cuts a torn end, and goes on writing behind it.
    private mutating func openLast(
        _ segment: Segment, floor: UInt64
    ) throws(StorageError) -> OpenedStorage {
        let stop = try replay(segment)
        var size = segment.bytes.count
        if let problem = stop.problem {
            if provesDamage(segment.bytes, from: stop.end, lost: next ?? .start) {
                throw corrupt(segment, problem)
            }
            let torn = segment.bytes[stop.end...]
            report.tornBytes = (torn.lastIndex { $0 != 0 } ?? stop.end) + 1 - stop.end
            size = stop.end
        }
        try onDisk { () throws(DiskError) in
            if size < segment.bytes.count { try segment.file.truncate(to: size) }
            try writeAgain(segment, to: stop.end)
            try segment.file.sync()
            try disk.syncDirectory()
        }
        return opened(segment.number, segment.file, end: stop.end, allocated: size, floor: floor)
    }

    /// Writes what may not be synced once more, the header too where no chunk proves it synced.
    /// After a failed sync the system reads bytes back that never reached the medium and counts
    /// them as clean: without this, the sync that follows a restart would say nothing about them.
    private func writeAgain(_ segment: Segment, to end: Int) throws(DiskError) {
        let first = chunks.firstIndex { $0.last > proven } ?? 0
        let start = first == 0 ? 0 : chunks[first].offset
        try segment.file.write(Bytes(segment.bytes[start..<end]), at: start)
    }

    /// Makes the segment `number`, for an empty disk or after a crash during its making.
    private mutating func begin(_ number: UInt64, floor: UInt64) throws(StorageError)
        -> OpenedStorage
    {
        let first = next ?? LogPosition.start.advanced(by: 1)
        next = first
        let header = SegmentHeader(number: number, first: first, floor: floor)
        let file = try onDisk { () throws(DiskError) in
            try LogWriter.createSegment(header, on: disk)
        }
        let end = LogFormat.segmentHeaderBytes
        return opened(number, file, end: end, allocated: end, floor: floor)
    }

    private mutating func opened(
        _ number: UInt64, _ file: any DiskFile, end: Int, allocated: Int, floor: UInt64
    ) -> OpenedStorage {
        report.recovered = LogPosition(rawValue: (next?.rawValue ?? 1) - 1)
        let engine = StorageEngine(
            options: options, memtable: memtable, loggedBytes: loggedBytes,
            recovered: report.recovered)
        let log = LogWriter(
            disk: disk, options: options, segment: number, file: file, end: end,
            allocated: allocated, floor: floor, recovered: report.recovered)
        return OpenedStorage(engine: engine, log: log, report: report)
    }
}
