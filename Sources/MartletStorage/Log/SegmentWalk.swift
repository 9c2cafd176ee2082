// The chunks of one segment as its bytes show them: for recovery and for inspection alike. What
// they mean for the log as a whole is for `LogRecovery`.
internal import MartletBase

/// The whole chunks of a segment from front to back, up to its end or to what does not read back.
struct SegmentWalk {
    let number: UInt64
    let bytes: Bytes
    /// Where the next chunk begins: behind the last one that is whole.
    private(set) var end = LogFormat.segmentHeaderBytes
    /// Why the walk stopped; nil where nothing but zeros follows.
    private(set) var problem: FormatError?
    /// The position that the next chunk must begin with.
    private(set) var position: LogPosition

    /// Begins behind the header of segment `number`, whose first batch is number `first`.
    init(_ bytes: Bytes, number: UInt64, first: LogPosition) {
        self.bytes = bytes
        self.number = number
        position = first
    }

    /// The next chunk, verified, and its offset; nil where the walk ends. O(chunk).
    mutating func next() -> (header: ChunkHeader, offset: Int)? {
        let offset = end
        guard problem == nil, offset < bytes.count else { return nil }
        do throws(FormatError) {
            let header = try ChunkHeader(decoding: bytes, at: offset)
            try header.verify(bytes, at: offset, of: number)
            guard header.first == position else {
                throw FormatError(.invalid("chunk position"), at: offset)
            }
            position = header.last.advanced(by: 1)
            end = header.payload(at: offset).upperBound
            return (header, offset)
        } catch {
            let isCleanEnd = bytes[offset...].allSatisfy { $0 == 0 }
            problem = isCleanEnd ? nil : FormatError(error.reason, at: offset)
            return nil
        }
    }

    /// How many bytes behind the last whole chunk are not zeros written ahead.
    var tornBytes: Int {
        guard problem != nil else { return 0 }
        return (bytes[end...].lastIndex { $0 != 0 } ?? end) + 1 - end
    }

    /// Whether `bytes` holds, at `offset` or behind it, a whole chunk that was written when the
    /// log was known to be synced up to `position`. What is checked is bounded, because bytes that
    /// clients chose lie here: past the bound damage is assumed.
    static func provesDamage(
        _ bytes: Bytes, of number: UInt64, from offset: Int, lost position: LogPosition
    ) -> Bool {
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
            if (try? header.verify(bytes, at: candidate, of: number)) != nil { return true }
        }
        return false
    }
}
