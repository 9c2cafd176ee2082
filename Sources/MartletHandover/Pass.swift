// One pass over what one other node holds of a partition, in the order of the storage. Once it is
// through, this node holds for each key what that one held at some moment since the pass began, or
// something newer.
//
//     idle ─► asked ─► merging ─► idle, further on … ─► through
//              └ refused, silent, cut, unreadable ─► idle where it was, after a pause
internal import MartletBase
internal import MartletRing
internal import MartletStorage
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
        case merging(number: UInt64, next: HandoverCursor?, byteCount: Int)
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
    /// How often in a row nothing came of it.
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
        case .asked(let number, _, _), .merging(let number, _, _): number
        case .idle, .through: nil
        }
    }

    // MARK: Asking

    /// Asks for the next chunk.
    mutating func ask(_ number: UInt64, _ here: Standpoint, at now: Instant) -> HandoverPull {
        invariant(step == .idle, "a pull of \(partition) while \(step)")
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
            limitBytes: UInt32(clamping: here.options.chunkBytes))
    }

    private static let leastDepth = 4

    // MARK: Answers

    /// The chunk that was asked for. What does not read back, or leads nowhere, changes nothing.
    mutating func take(_ chunk: HandoverChunk, _ here: Standpoint) -> Taken {
        guard case .asked(let number, _, let end) = step, let topology = here.topology else {
            return .unreadable
        }
        if let next = chunk.next, next <= position || next.hash > end { return .unreadable }
        var entries: [Parcel.Entry] = []
        if !chunk.payload.isEmpty {
            guard let read = try? ChunkPayload.decode(chunk.payload) else { return .unreadable }
            let belong = read.allSatisfy {
                topology.partition(ofKey: $0.key).index == partition
            }
            guard belong else { return .unreadable }
            entries = read
        }
        bytes += UInt64(chunk.payload.count)
        objects += UInt64(entries.count)
        var next = chunk.next
        if next == nil, end < .max { next = HandoverCursor(hash: end + 1) }
        step = .merging(number: number, next: next, byteCount: chunk.payload.count)
        if !entries.isEmpty { return .merge(entries) }
        merged()
        return .empty
    }

    /// All of the chunk is in the log. Its bytes.
    @discardableResult
    mutating func merged() -> Int {
        guard case .merging(_, let next, let byteCount) = step else { return 0 }
        failures = 0
        step = next == nil ? .through : .idle
        if let next { position = next }
        return byteCount
    }

    /// Nothing came of it: it stays where it was, and is left alone for a time. What came bent is
    /// asked for again at once, a few times.
    mutating func fail(_ options: HandoverOptions, at now: Instant, wasBent: Bool = false) {
        step = .idle
        failures += 1
        if wasBent, failures <= Self.bentLimit { return }
        let doublings = min(failures - 1, Self.failureLimit)
        notBefore = now + min(options.pause * (1 << doublings), options.pauseLimit)
    }

    /// The source can be sent to again.
    mutating func sourceReturned() {
        failures = 0
        notBefore = .start
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
