// One pass over what one other node holds of a partition, in the order of the storage. Once it is
// through, this node holds for each key what that one held at some moment since the pass began, or
// something newer.
//
//     idle ─► asked ─► merging ─► idle, further on … ─► through
//      ▲       │ └ the source wants to know what is held ─► reading ─► idle, with that
//      └───────┘ refused, silent, cut, unreadable: where it was, after a pause
//
// Leaves say what is the same. Where one differs of which something is held here, the digests of
// that are told, so that one new object does not bring all its neighbours again.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// How far one source of one partition has been gone through.
struct Pass {
    /// What the pass waits for.
    enum Step: Hashable {
        /// To be asked.
        case idle
        /// An answer, until then. The run ends at that hash.
        case asked(number: UInt64, until: Instant, end: UInt64)
        /// The objects of a chunk to be in the log; then it goes on there, or is through.
        case merging(number: UInt64, next: HandoverCursor?, wanted: UInt64?, byteCount: Int)
        /// What is held here of what the source wants to know.
        case reading(ReadTicket)
        /// Nothing: all is held here.
        case through
    }

    /// What a chunk came to.
    enum Taken {
        case merge([Parcel.Entry])
        case empty
        case unreadable
    }

    let partition: UInt16
    let source: NodeID
    /// The source must know this ring.
    let epoch: UInt64
    /// Everything before it is held here.
    private(set) var position = HandoverCursor(hash: 0)
    private(set) var step = Step.idle
    /// Not to be asked before.
    private(set) var notBefore = Instant.start
    /// The hash up to which, from the position on, the source wants to know what is held.
    private var wanted: UInt64?
    /// What is held there, as far as it was read.
    private var held: HeldStretch?
    /// How often in a row nothing came of it.
    private(set) var setbacks = 0
    /// How many of those were the source's fault, and not for want of time or room.
    private(set) var failures = 0
    /// What has come in chunks.
    private(set) var bytes: UInt64 = 0
    private(set) var objects: UInt64 = 0

    /// So many failures in a row, and the source is not waited for.
    static let failureLimit = 12
    /// So many bent chunks in a row are asked for again at once.
    private static let bentLimit = 3

    init(partition: UInt16, source: NodeID, epoch: UInt64) {
        self.partition = partition
        self.source = source
        self.epoch = epoch
    }

    /// The pass that was written down as having come to `hash`, or, where that is nil, through.
    init(partition: UInt16, source: NodeID, epoch: UInt64, recalled hash: UInt64?) {
        self.init(partition: partition, source: source, epoch: epoch)
        position = HandoverCursor(hash: hash ?? 0)
        if hash == nil { step = .through }
    }

    /// Whether an answer or a merge is awaited.
    var isBusy: Bool { step != .idle && step != .through }
    var isThrough: Bool { step == .through }
    /// Whether some of it is through.
    var isBegun: Bool { isThrough || position != HandoverCursor(hash: 0) }
    /// Whether it has come to nothing for so long that others go on without it.
    var isGivenUp: Bool { failures >= Self.failureLimit }

    /// Until when an answer is awaited; never where none is.
    var deadline: Instant {
        if case .asked(_, let until, _) = step { return until }
        return .never
    }

    /// The number of the pull, or of what came of it, that is awaited.
    var number: UInt64? {
        switch step {
        case .asked(let number, _, _), .merging(let number, _, _, _): number
        case .idle, .reading, .through: nil
        }
    }

    // MARK: Asking

    /// Asks for the next chunk; nil where what is held is to be read first.
    mutating func ask(_ number: UInt64, _ here: Standpoint, at now: Instant) -> HandoverPull? {
        invariant(step == .idle, "a pull of \(partition) while \(step)")
        guard readHeld(here, at: now) else { return nil }
        // Where nothing is known of what is held here, nothing is passed over.
        let tree = here.engine.tree(of: partition) ?? MerkleTree(depth: Self.leastDepth)
        let depth = tree.depth
        let count = min(HandoverPull.leafLimit, 1 << depth)
        let first = MerkleTree.leafIndex(of: position.hash, depth: depth) / count * count
        let start = MerkleTree.hashes(ofNode: first, depth: depth).lowerBound
        let end = MerkleTree.hashes(ofNode: first + count - 1, depth: depth).upperBound
        step = .asked(number: number, until: now + here.options.patience, end: end)
        return HandoverPull(
            number: number, partition: partition, epoch: epoch, depth: UInt8(depth),
            first: UInt16(first), leaves: Array(tree.nodes(depth: depth)[first..<first + count]),
            after: position == HandoverCursor(hash: start) ? nil : position,
            held: held?.told(from: position.hash, atMost: end),
            limitBytes: UInt32(clamping: here.options.chunkBytes))
    }

    private static let leastDepth = 4

    /// Reads what the source wants to know; false where that takes longer, or cannot be.
    private mutating func readHeld(_ here: Standpoint, at now: Instant) -> Bool {
        guard let wanted else { return true }
        var stretch = held ?? HeldStretch()
        defer { held = stretch }
        while !stretch.isComplete {
            let outcome = here.engine.scan(
                .objects, partitions: partition...partition, hashes: position.hash...wanted,
                after: stretch.cursor, limitBytes: HeldStretch.pageBytes, for: .handover)
            switch outcome {
            case .page(let page): stretch.take(page, upTo: wanted)
            case .pending(let ticket):
                step = .reading(ticket)
                return false
            case .refused:
                fail(.overload, here.options, at: now)
                return false
            }
        }
        return true
    }

    /// What was to be read is there, or is not: then it counts as not held.
    mutating func readCompleted(_ result: CompletedRead.Result) {
        step = .idle
        guard let wanted else { return }
        if case .page(let page) = result {
            held?.take(page, upTo: wanted)
        } else {
            held?.end(at: wanted)
        }
    }

    // MARK: Answers

    /// The chunk that was asked for. What does not read back, or leads nowhere, changes nothing.
    mutating func take(_ chunk: HandoverChunk, _ here: Standpoint) -> Taken {
        guard case .asked(let number, _, let end) = step, leadsOn(chunk, end) else {
            return .unreadable
        }
        var entries: [Parcel.Entry] = []
        if !chunk.payload.isEmpty {
            guard let read = try? ChunkPayload.decode(chunk.payload), let topology = here.topology,
                read.allSatisfy({ topology.partition(ofKey: $0.key).index == partition })
            else { return .unreadable }
            entries = read
        }
        bytes += UInt64(chunk.payload.count)
        objects += UInt64(entries.count)
        var next = chunk.next
        if next == nil, end < .max { next = HandoverCursor(hash: end + 1) }
        step = .merging(
            number: number, next: next, wanted: chunk.wanted, byteCount: chunk.payload.count)
        if !entries.isEmpty { return .merge(entries) }
        merged()
        return .empty
    }

    /// Whether a chunk is about what was asked, up to the hash `end`, and brings the pass on.
    private func leadsOn(_ chunk: HandoverChunk, _ end: UInt64) -> Bool {
        guard let next = chunk.next else { return chunk.wanted == nil }
        guard next.hash <= end, position <= next else { return false }
        if let wanted = chunk.wanted { return held == nil && (next.hash...end).contains(wanted) }
        return next != position
    }

    /// All of the chunk is in the log. Its bytes.
    @discardableResult
    mutating func merged() -> Int {
        guard case .merging(_, let next, let wanted, let byteCount) = step else { return 0 }
        setbacks = 0
        failures = 0
        step = next == nil ? .through : .idle
        guard let next else { return byteCount }
        position = next
        if let wanted { self.wanted = wanted }
        if let held, held.until < next.hash { self.held = nil }
        if let last = self.wanted, last < next.hash { self.wanted = nil }
        return byteCount
    }

    /// Why nothing came of a pull.
    enum Cause {
        /// The source does not know, or does not answer.
        case source
        /// What has come does not read back.
        case bent
        /// The source, or the storage here, has too much to do.
        case overload
    }

    /// Nothing came of it: it stays where it was, and is left alone for a time. What came bent is
    /// asked for again at once, a few times.
    mutating func fail(_ cause: Cause, _ options: HandoverOptions, at now: Instant) {
        step = .idle
        setbacks += 1
        if cause != .overload { failures += 1 }
        if cause == .bent, failures <= Self.bentLimit { return }
        let doublings = min(setbacks - 1, Self.failureLimit)
        notBefore = now + min(options.pause * (1 << doublings), options.pauseLimit)
    }

    /// The source can be sent to again.
    mutating func sourceReturned() {
        setbacks = 0
        failures = 0
        notBefore = .start
    }
}

/// What is held here of a stretch of hashes, as it is read and told.
struct HeldStretch {
    /// The last hash of it that was read.
    private(set) var until: UInt64 = 0
    private(set) var isComplete = false
    /// Where to read on.
    private(set) var cursor: StorageKey?
    private var entries: [(hash: UInt64, digest: UInt64)] = []
    private var byteCount = 0

    /// Bytes of objects read at a time.
    static let pageBytes = 64 << 10
    /// Bytes of objects that are read for one stretch; what is beyond is another.
    private static let readLimitBytes = 1 << 20

    /// Takes in a page of what is held up to the hash `wanted`.
    mutating func take(_ page: ScanPage, upTo wanted: UInt64) {
        for entry in page.entries {
            if entries.count == HandoverPull.Held.digestLimit {
                return end(at: entries.last?.hash ?? wanted)
            }
            byteCount += entry.key.key.count + entry.value.count
            entries.append(
                (entry.key.hash, Object.digest(keyHash: entry.key.hash, entry.value.raw)))
        }
        cursor = page.next
        if cursor == nil { return end(at: wanted) }
        if byteCount >= Self.readLimitBytes { end(at: entries.last?.hash ?? wanted) }
    }

    /// No more is read. What is held up to there and was not read is sent again, and merged to no
    /// effect.
    mutating func end(at hash: UInt64) {
        until = hash
        isComplete = true
    }

    /// What is told of it, from one hash to another.
    func told(from first: UInt64, atMost last: UInt64) -> HandoverPull.Held {
        HandoverPull.Held(
            until: min(until, last),
            digests: entries.filter { $0.hash >= first }.map(\.digest))
    }
}

extension HandoverCursor {
    /// Whether it is no further on than `other`.
    static func <= (left: HandoverCursor, right: HandoverCursor) -> Bool {
        if left.hash != right.hash { return left.hash < right.hash }
        guard let key = left.key else { return true }
        guard let other = right.key else { return false }
        return !other.lexicographicallyPrecedes(key)
    }
}

extension HandoverRefusal {
    /// What that means to a pass.
    var cause: Pass.Cause { reason == .busy ? .overload : .source }
}

extension [Pass] {
    /// The idle pass to be asked next: one that has begun, else that of the source with the fewest
    /// pulls under way, else the first.
    func next(_ here: Standpoint, at now: Instant, load: [NodeID: Int]) -> Int? {
        indices.filter {
            self[$0].step == .idle && self[$0].notBefore <= now
                && here.isReachable(self[$0].source)
        }.min { left, right in
            let (one, other) = (self[left], self[right])
            if one.isBegun != other.isBegun { return one.isBegun }
            return load[one.source, default: 0] < load[other.source, default: 0]
        }
    }
}
