// A source's part: what is held in a run of leaves, but for those that the other node has already.
// Nothing is kept of who pulls what: each pull says all that is needed to answer it.
//
//     pull ─► leaves that differ ─► read, a page at a time ─► a chunk, and where to go on
//       └ ring not known, tree not known, too many at a time ─► refused
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// The pulls that one shard answers.
struct Serving {
    /// A pull being answered.
    fileprivate struct Work {
        let pull: HandoverPull
        let peer: Peer
        /// What is to be read yet, in order; what the first of it was read up to.
        var ranges: [ClosedRange<UInt64>]
        var cursor: StorageKey?
        /// What is told once that was read.
        let end: HandoverCursor?
        let wanted: UInt64?
        /// What the other node holds of it.
        let held: Set<UInt64>
        var entries: [Parcel.Entry] = []
        var byteCount = 0
        var readCount = 0

        var limitBytes: Int {
            min(max(1, Int(pull.limitBytes)), Serving.chunkLimitBytes)
        }
        /// Whether the chunk has room for more.
        var hasRoom: Bool {
            byteCount < limitBytes && entries.count < Parcel.entryLimit
                && readCount < Serving.readLimitBytes
        }
    }

    /// Pulls that wait for the disk, by their tickets.
    private var waiting: [ReadTicket: Work] = [:]
    private(set) var counters = HandoverCounters()

    /// Pulls that may wait for the disk at a time.
    static let pullLimit = 32
    /// Those of one peer.
    static let peerLimit = 8
    /// No chunk is asked to be larger, in bytes of objects.
    static let chunkLimitBytes = 4 << 20
    /// Bytes of objects that are read for one chunk, about, whatever of it is sent.
    static let readLimitBytes = 4 << 20

    // MARK: Events

    /// Another node is to be sent what it lacks.
    mutating func pullReceived(
        _ pull: HandoverPull, from peer: Peer, _ here: Standpoint,
        into effects: inout [HandoverEffect]
    ) {
        guard let topology = here.topology, pull.epoch <= topology.epoch else {
            counters.marks.occurred(.refusedBehind)
            return refuse(pull, .behind, to: peer, into: &effects)
        }
        guard here.view(of: pull.partition) != nil, Int(pull.depth) <= MerkleTree.depthLimit,
            let tree = here.engine.tree(of: pull.partition)
        else {
            counters.marks.occurred(.refusedUnknown)
            return refuse(pull, .notHeld, to: peer, into: &effects)
        }
        guard waiting.count < Self.pullLimit,
            waiting.values.count(where: { $0.peer == peer }) < Self.peerLimit
        else {
            counters.marks.occurred(.refusedBusy)
            return refuse(pull, .busy, to: peer, into: &effects)
        }
        counters.marks.occurred(.pullFolded, if: tree.depth < Int(pull.depth))
        answer(Work(pull, peer, tree), here, into: &effects)
    }

    /// The page that a pull waited for is there. False where none waited for it.
    mutating func readCompleted(
        _ read: CompletedRead, _ here: Standpoint, into effects: inout [HandoverEffect]
    ) -> Bool {
        guard var work = waiting.removeValue(forKey: read.ticket) else { return false }
        if case .page(let page) = read.result, work.take(page) {
            answer(work, here, into: &effects)
        } else {
            refuse(work.pull, .notHeld, to: work.peer, into: &effects)
        }
        return true
    }

    // MARK: Reading

    /// Reads on until the chunk is full, the run is through, or the disk is to be waited for.
    private mutating func answer(
        _ work: Work, _ here: Standpoint, into effects: inout [HandoverEffect]
    ) {
        var work = work
        while work.hasRoom, let range = work.ranges.first {
            let partition = work.pull.partition
            let outcome = here.engine.scan(
                .objects, partitions: partition...partition, hashes: range, after: work.cursor,
                limitBytes: work.limitBytes - work.byteCount, for: .handover)
            switch outcome {
            case .page(let page):
                if work.take(page) { continue }
                return refuse(work.pull, .notHeld, to: work.peer, into: &effects)
            case .pending(let ticket):
                counters.marks.occurred(.pullAwaitedRead)
                waiting[ticket] = work
                return
            case .refused:
                counters.marks.occurred(.refusedBusy)
                return refuse(work.pull, .busy, to: work.peer, into: &effects)
            }
        }
        send(work, into: &effects)
    }

    // MARK: Answers

    private mutating func send(_ work: Work, into effects: inout [HandoverEffect]) {
        let payload = work.entries.isEmpty ? [] : ChunkPayload.encode(work.entries)
        var next = work.end
        if let range = work.ranges.first {
            next =
                work.cursor.map { HandoverCursor(hash: $0.hash, key: $0.key) }
                ?? HandoverCursor(hash: range.lowerBound)
        }
        counters.chunksSent += 1
        counters.bytesSent += UInt64(payload.count)
        counters.objectsSent += UInt64(work.entries.count)
        let chunk = HandoverChunk(
            number: work.pull.number, partition: work.pull.partition, payload: payload,
            next: next, wanted: work.ranges.isEmpty ? work.wanted : nil)
        effects.append(.send(.chunk(chunk), to: work.peer))
    }

    private mutating func refuse(
        _ pull: HandoverPull, _ reason: HandoverRefusal.Reason, to peer: Peer,
        into effects: inout [HandoverEffect]
    ) {
        counters.refusals += 1
        let refusal = HandoverRefusal(
            number: pull.number, partition: pull.partition, reason: reason)
        effects.append(.send(.refused(refusal), to: peer))
    }

    func checkInvariants() {
        invariant(waiting.count <= Self.pullLimit, "\(waiting.count) pulls wait")
    }
}

extension Serving.Work {
    /// What is to be read for a pull where the tree is this one.
    fileprivate init(_ pull: HandoverPull, _ peer: Peer, _ tree: MerkleTree) {
        self.pull = pull
        self.peer = peer
        held = Set(pull.held?.digests ?? [])
        let run = MerkleTree.hashes(of: pull)
        let start = pull.after ?? HandoverCursor(hash: run.lowerBound)
        if let held = pull.held {
            let until = min(held.until, run.upperBound)
            ranges = start.hash <= until ? [start.hash...until] : []
            end = until < run.upperBound ? HandoverCursor(hash: until + 1) : nil
            wanted = nil
        } else {
            let differing = tree.ranges(differingFrom: pull).filter {
                $0.hashes.upperBound >= start.hash
            }
            let direct = differing.prefix { !$0.isHeld }
            ranges = direct.map { max($0.hashes.lowerBound, start.hash)...$0.hashes.upperBound }
            let stop = direct.count < differing.count ? differing[direct.count].hashes : nil
            end = stop.map {
                $0.lowerBound > start.hash ? HandoverCursor(hash: $0.lowerBound) : start
            }
            wanted = stop?.upperBound
        }
        guard let key = start.key, ranges.first?.lowerBound == start.hash else { return }
        let place = StorageKey.object(partition: pull.partition, key: key)
        // Of a key that has another hash nothing follows.
        if place.hash == start.hash { cursor = place }
    }

    /// Takes in a page of the first range; false where an object does not read back.
    fileprivate mutating func take(_ page: ScanPage) -> Bool {
        for entry in page.entries {
            guard entries.count < Parcel.entryLimit else { return true }
            cursor = entry.key
            readCount += entry.value.count
            let digest = Object.digest(keyHash: entry.key.hash, entry.value.raw)
            if held.contains(digest) { continue }
            guard let object = try? Object(encoding: entry.value) else { return false }
            entries.append(Parcel.Entry(key: entry.key.key, object: object))
            byteCount += entry.key.key.count + entry.value.count
        }
        if page.next == nil {
            ranges.removeFirst()
            cursor = nil
        }
        return true
    }
}

extension MerkleTree {
    /// The key hashes of the run of leaves of a pull.
    fileprivate static func hashes(of pull: HandoverPull) -> ClosedRange<UInt64> {
        let (depth, first) = (Int(pull.depth), Int(pull.first))
        return hashes(ofNode: first, depth: depth)
            .lowerBound...hashes(ofNode: first + pull.leaves.count - 1, depth: depth).upperBound
    }

    /// The hashes below those leaves of a pull that this tree says something else of, in order, and
    /// whether the other node holds anything there; neighbours of one kind are one range.
    fileprivate func ranges(
        differingFrom pull: HandoverPull
    ) -> [(hashes: ClosedRange<UInt64>, isHeld: Bool)] {
        let depth = min(depth, Int(pull.depth))
        let width = 1 << (Int(pull.depth) - depth)
        let (first, count) = (Int(pull.first), pull.leaves.count)
        var ranges: [(hashes: ClosedRange<UInt64>, isHeld: Bool)] = []
        for index in first / width..<(first + count + width - 1) / width {
            let ours = node(depth: depth, index)
            // Of a node that the run covers in part no more is known than whether there is any.
            let below = index * width - first..<(index + 1) * width - first
            let leaves = pull.leaves[below.clamped(to: 0..<count)]
            let isSame = leaves.count == width && leaves.reduce(0, ^) == ours
            if isSame || ours == 0 { continue }
            let isHeld = leaves.contains { $0 != 0 }
            let hashes = Self.hashes(ofNode: index, depth: depth)
                .clamped(to: Self.hashes(of: pull))
            if let last = ranges.last, last.isHeld == isHeld,
                last.hashes.upperBound &+ 1 == hashes.lowerBound
            {
                ranges[ranges.count - 1].hashes =
                    last.hashes.lowerBound...hashes.upperBound
            } else {
                ranges.append((hashes, isHeld))
            }
        }
        return ranges
    }
}
