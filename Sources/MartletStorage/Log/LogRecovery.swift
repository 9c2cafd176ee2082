// Reading the log back into memtables: cuts what a crash tore, refuses what was damaged.

// A chunk that does not read back was either torn by a crash before its sync, or damaged after it.
// It was torn only if it stands in the last segment and no whole chunk behind it was written when
// the log was already known to be synced past it; then it and all behind it are cut away: none of
// that was ever reported as synced. Otherwise acknowledged data is lost and the log does not open.
internal import MartletBase

struct LogRecovery {
    private let disk: any Disk
    private let options: StorageOptions
    /// What is in the tables, and need not be read.
    private let flushed: LogPosition
    /// What must be there.
    private let mark: LogMark
    /// Takes in the batch at a position, or passes over it where it is in the tables already.
    private let apply: Apply
    private var report = RecoveryReport()
    /// The position that the next chunk must begin with; nil before the first segment.
    private var next: LogPosition?
    /// The chunks of the segment read last.
    private var chunks: [(last: LogPosition, offset: Int)] = []
    /// The position up to which the chunks read prove the log to have been synced.
    private var proven = LogPosition.start

    typealias Apply = (
        inout ByteReader, _ position: LogPosition, _ isFlushed: Bool
    ) throws(BatchFailure) -> Void

    /// Why a batch was not taken in.
    enum BatchFailure: Error {
        case format(FormatError)
        case storage(StorageError)
    }

    init(
        disk: any Disk, options: StorageOptions, flushed: LogPosition, mark: LogMark,
        apply: @escaping Apply
    ) {
        self.disk = disk
        self.options = options
        self.flushed = flushed
        self.mark = mark
        self.apply = apply
    }

    /// One file of the log.
    struct Segment {
        var number: UInt64
        var file: any DiskFile
        var bytes: Bytes
        /// Nil only in the last segment: a crash fell into its making.
        var header: SegmentHeader?
    }

    private func onDisk<Value>(
        _ body: () throws(DiskError) -> Value
    ) throws(StorageError) -> Value {
        do { return try body() } catch { throw .disk(error) }
    }

    /// What the segments come to, as long as nothing is changed.
    struct Findings {
        /// The last segment.
        var segment: Segment
        /// Where its last whole chunk ends.
        var end: Int
        /// What is to be left of its file: less than there is where a crash tore it.
        var size: Int
        /// The segment before it, and where its last chunk ends; nil where it is the first needed.
        var before: (segment: Segment, end: Int)?
        /// The full segments before it that are needed.
        var older: [LogWriter.Closed]
        /// The numbers of those that are not.
        var superfluous: [UInt64]
    }

    /// Reads the segments among the files `names` back, and opens the log behind them, which
    /// `file` then says. O(log).
    mutating func run(
        _ names: [String], marking file: LogMarkFile
    ) throws(StorageError) -> (log: LogWriter, report: RecoveryReport) {
        let found = try read(names)
        let opened =
            if let found { try openLast(found, file) } else {
                try begin(1, older: [], file)
            }
        try onDisk { () throws(DiskError) in try opened.log.writeMark() }
        try removeSegments(found?.superfluous ?? [])
        return opened
    }

    /// Reads the segments among the files `names` back, and changes nothing; nil where there are
    /// none and need be none. O(log).
    mutating func read(_ names: [String]) throws(StorageError) -> Findings? {
        let numbers = names.compactMap { LogFormat.segmentNumber($0) }.sorted()
        guard let last = numbers.last else {
            guard flushed == .start, mark.segment == 0 else {
                throw .missingSegment(file: LogFormat.segmentName(max(1, mark.segment)))
            }
            return nil
        }
        if last < mark.segment {
            throw .missingSegment(file: LogFormat.segmentName(mark.segment))
        }
        let headers = try readHeaders(numbers)
        let needed = needed(numbers, headers)
        try expectEverySegment(of: needed, headers)
        var older: [LogWriter.Closed] = []
        var before: (segment: Segment, end: Int)?
        for number in needed where number < last {
            let segment = try read(number)
            let walk = try replay(segment)
            if let problem = walk.problem { throw corrupt(segment, problem) }
            before = (segment, walk.end)
            older.append(LogWriter.Closed(number: number, last: recovered))
        }
        let segment = try read(last)
        let (end, size) = try replayLast(segment)
        if recovered < mark.synced {
            throw .cutLog(file: segment.file.name, end: recovered, synced: mark.synced)
        }
        return Findings(
            segment: segment, end: end, size: size, before: before, older: older,
            superfluous: numbers.filter { $0 < needed[0] })
    }

    /// What was read, for one who goes no further than `read`.
    var reading: RecoveryReport {
        var report = report
        report.recovered = recovered
        return report
    }

    /// The position of the last batch known.
    private var recovered: LogPosition {
        max(flushed, next?.retreated(by: 1) ?? .start)
    }

    // MARK: Which segments there are

    /// The headers that read back. Only the last segment may be without one.
    private func readHeaders(
        _ numbers: [UInt64]
    ) throws(StorageError) -> [UInt64: SegmentHeader] {
        var headers: [UInt64: SegmentHeader] = [:]
        for number in numbers {
            let name = LogFormat.segmentName(number)
            let bytes = try onDisk { () throws(DiskError) in
                try disk.open(name, .reading).read(at: 0, count: LogFormat.segmentHeaderBytes)
            }
            do throws(FormatError) {
                let header = try SegmentHeader(decoding: bytes)
                guard header.number == number else {
                    throw FormatError(.invalid("segment number"), at: 0)
                }
                headers[number] = header
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

    /// The segments from the last one on that begins no later than the first batch that is not in
    /// the tables.
    private func needed(_ numbers: [UInt64], _ headers: [UInt64: SegmentHeader]) -> [UInt64] {
        let first = numbers.lastIndex { number in
            headers[number].map { $0.first <= flushed.advanced(by: 1) } ?? false
        }
        return Array(numbers[(first ?? 0)...])
    }

    private func expectEverySegment(
        of needed: [UInt64], _ headers: [UInt64: SegmentHeader]
    ) throws(StorageError) {
        if let header = headers[needed[0]], header.first > flushed.advanced(by: 1) {
            throw .missingSegment(file: LogFormat.segmentName(needed[0] - 1))
        }
        for (number, expected) in zip(needed, needed[0]...) where number != expected {
            throw .missingSegment(file: LogFormat.segmentName(expected))
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
        } else if number <= mark.segment
            || SegmentWalk.provesDamage(bytes, of: number, from: 0, lost: .start)
        {
            throw corrupt(segment, FormatError(.invalid("segment header"), at: 0))
        }
        return segment
    }

    private func corrupt(_ segment: Segment, _ problem: FormatError) -> StorageError {
        .corruptLog(file: segment.file.name, offset: problem.offset, reason: problem.reason)
    }

    /// Applies the segment's chunks up to its end or to the first that does not read back.
    private mutating func replay(_ segment: Segment) throws(StorageError) -> SegmentWalk {
        var walk = SegmentWalk(segment.bytes, number: segment.number, first: next ?? .start)
        report.segments += 1
        chunks = []
        defer { report.bytes += walk.end }
        while let (header, offset) = walk.next() {
            try take(header, in: segment, at: offset)
            report.chunks += 1
            chunks.append((header.last, offset))
            proven = max(proven, header.synced)
            next = walk.position
        }
        return walk
    }

    /// Takes in those batches of a chunk that are not in the tables.
    private mutating func take(
        _ header: ChunkHeader, in segment: Segment, at offset: Int
    ) throws(StorageError) {
        if header.last <= flushed { return }
        do throws(BatchFailure) {
            let chunk: LogChunk
            do throws(FormatError) {
                chunk = try LogChunk(header: header, in: segment.bytes, at: offset)
            } catch {
                throw BatchFailure.format(error)
            }
            var reader = ByteReader(chunk.payload)
            for number in chunk.first.rawValue...chunk.last.rawValue {
                let position = LogPosition(rawValue: number)
                try apply(&reader, position, position <= flushed)
                report.batches += 1
            }
            do throws(FormatError) { try reader.expectEnd() } catch {
                throw BatchFailure.format(error)
            }
        } catch {
            switch error {
            case .format(let error):
                throw corrupt(segment, FormatError(error.reason, at: offset))
            case .storage(let error): throw error
            }
        }
    }

    // MARK: The end of the log

    /// Replays the last segment; where its last whole chunk ends, and what is to be left of it.
    private mutating func replayLast(
        _ segment: Segment
    ) throws(StorageError) -> (end: Int, size: Int) {
        if segment.header == nil { return (0, 0) }
        let stop = try replay(segment)
        guard let problem = stop.problem else { return (stop.end, segment.bytes.count) }
        if SegmentWalk.provesDamage(
            segment.bytes, of: segment.number, from: stop.end, lost: next ?? .start)
        {
            throw corrupt(segment, problem)
        }
        report.tornBytes = stop.tornBytes
        return (stop.end, stop.end)
    }

    /// Cuts a torn end of the last segment, and goes on writing behind it; in a new one where the
    /// log ends before what is in the tables, which it does when it was not synced.
    private mutating func openLast(
        _ found: Findings, _ mark: LogMarkFile
    ) throws(StorageError) -> (log: LogWriter, report: RecoveryReport) {
        let (segment, older) = (found.segment, found.older)
        if segment.header == nil { return try beginAgain(found, mark) }
        try onDisk { () throws(DiskError) in
            if found.size < segment.bytes.count { try segment.file.truncate(to: found.size) }
            try writeAgain(segment, to: found.end)
            try segment.file.sync()
            try disk.syncDirectory()
        }
        if let next, next <= flushed {
            let closed = LogWriter.Closed(number: segment.number, last: flushed)
            return try begin(segment.number + 1, older: older + [closed], mark)
        }
        return opened(
            segment.number, segment.file, end: found.end, allocated: found.size, older: older, mark)
    }

    /// Makes the segment whose making was cut short; where the disk is too full for that, goes on
    /// behind the one before it, which will make it when there is space.
    private mutating func beginAgain(
        _ found: Findings, _ mark: LogMarkFile
    ) throws(StorageError) -> (log: LogWriter, report: RecoveryReport) {
        do throws(StorageError) {
            return try begin(found.segment.number, older: found.older, mark)
        } catch {
            guard case .disk(let full) = error, full.cause == .noSpace, full.operation != .sync,
                let (segment, end) = found.before
            else { throw error }
            try removeSegments([found.segment.number])
            return opened(
                segment.number, segment.file, end: end, allocated: segment.bytes.count,
                older: found.older.dropLast(), mark)
        }
    }

    /// Writes what may not be synced once more, the header too where no chunk proves it synced.
    /// After a failed sync the system reads bytes back that never reached the medium and counts
    /// them as clean: without this, the sync that follows a restart would say nothing about them.
    private func writeAgain(_ segment: Segment, to end: Int) throws(DiskError) {
        let first = chunks.firstIndex { $0.last > proven } ?? 0
        let start = first == 0 ? 0 : chunks[first].offset
        try segment.file.write(Bytes(segment.bytes[start..<end]), at: start)
    }

    /// Makes the segment `number`, behind all that is known.
    private mutating func begin(
        _ number: UInt64, older: [LogWriter.Closed], _ mark: LogMarkFile
    ) throws(StorageError) -> (log: LogWriter, report: RecoveryReport) {
        let header = SegmentHeader(number: number, first: recovered.advanced(by: 1))
        let file = try onDisk { () throws(DiskError) in
            try LogWriter.createSegment(header, on: disk)
        }
        let end = LogFormat.segmentHeaderBytes
        return opened(number, file, end: end, allocated: end, older: older, mark)
    }

    private mutating func opened(
        _ number: UInt64, _ file: any DiskFile, end: Int, allocated: Int,
        older: [LogWriter.Closed], _ mark: LogMarkFile
    ) -> (log: LogWriter, report: RecoveryReport) {
        report.recovered = recovered
        let log = LogWriter(
            disk: disk, options: options, mark: mark, segment: number, file: file, end: end,
            allocated: allocated, older: older, recovered: recovered)
        return (log, report)
    }
}
