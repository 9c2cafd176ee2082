// One segment of the log, read for itself: every chunk of it, whatever the others hold.
internal import MartletBase

/// A segment of the log and what its chunks come to.
public struct InspectedSegment: Hashable, Sendable {
    /// The number in its name.
    public var number: UInt64
    /// The length of its file in bytes, zeros written ahead included.
    public internal(set) var fileBytes = 0
    /// Whole chunks.
    public internal(set) var chunks = 0
    /// Batches in them.
    public internal(set) var batches = 0
    /// What the whole chunks and the header take, in bytes.
    public internal(set) var bytes = 0
    /// What the chunks' batches take in the file, in bytes.
    public internal(set) var storedBytes = 0
    /// The same before compression.
    public internal(set) var rawBytes = 0
    /// The position that its first batch has, or would have; nil where the header does not read
    /// back.
    public internal(set) var first: LogPosition?
    /// The position of its last whole batch; nil where there is none.
    public internal(set) var last: LogPosition?
    /// Bytes behind the last whole chunk that a crash tore before they were synced.
    public internal(set) var tornBytes = 0
    /// What is damaged; nothing where the end is torn and no more.
    public internal(set) var damage: [StorageDamage] = []

    /// Its file.
    public var fileName: String { LogFormat.segmentName(number) }

    /// Reads segment `number`; only the last may have a torn end. With `deep` each batch is
    /// unpacked and read too. O(segment).
    init(_ number: UInt64, isLast: Bool, deep: Bool, on disk: any Disk) {
        self.number = number
        do throws(DiskError) {
            let file = try disk.open(fileName, .reading)
            fileBytes = try file.size()
            guard fileBytes <= LogFormat.segmentLimitBytes else {
                note(FormatError(.tooLarge("segment"), at: 0))
                return
            }
            read(try file.read(at: 0, count: fileBytes), isLast: isLast, deep: deep)
        } catch {
            damage.append(StorageDamage(fileName, at: error.offset, error.description))
        }
    }

    private mutating func note(_ error: FormatError) {
        damage.append(StorageDamage(fileName, error))
    }

    private mutating func read(_ content: Bytes, isLast: Bool, deep: Bool) {
        do throws(FormatError) {
            let head = Bytes(content.prefix(LogFormat.segmentHeaderBytes))
            let header = try SegmentHeader(decoding: head)
            guard header.number == number else {
                throw FormatError(.invalid("segment number"), at: 0)
            }
            first = header.first
            walk(content, header, isLast: isLast, deep: deep)
        } catch {
            // A crash in the making of the last segment leaves it without a whole header.
            var isTorn = isLast
            if case .unsupportedVersion = error.reason { isTorn = false }
            if isTorn,
                !SegmentWalk.provesDamage(content, of: number, from: 0, lost: .start)
            {
                tornBytes = (content.lastIndex { $0 != 0 } ?? -1) + 1
            } else {
                note(error)
            }
        }
    }

    private mutating func walk(
        _ content: Bytes, _ header: SegmentHeader, isLast: Bool, deep: Bool
    ) {
        var walk = SegmentWalk(content, number: number, first: header.first)
        while let (chunk, offset) = walk.next() {
            chunks += 1
            batches += chunk.count
            storedBytes += chunk.stored
            rawBytes += chunk.raw
            last = chunk.last
            guard deep else { continue }
            do throws(FormatError) {
                _ = try LogChunk(header: chunk, in: content, at: offset).changes()
            } catch {
                note(FormatError(error.reason, at: offset))
            }
        }
        bytes = walk.end
        guard let problem = walk.problem else { return }
        let isDamaged = SegmentWalk.provesDamage(
            content, of: number, from: walk.end, lost: walk.position)
        if isLast, !isDamaged { tornBytes = walk.tornBytes } else { note(problem) }
    }
}
