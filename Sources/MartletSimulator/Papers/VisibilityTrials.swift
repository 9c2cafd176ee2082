// Trials of one latency and one pair of quorums: a write, and reads that begin at several moments
// after its acknowledgement. Every request goes through the real coordinator.
//
//     write ─► acknowledged ─┬─ t₀ ─► read: does it show the write?
//                            ├─ t₁ ─► read
//                            └─ …                    all answered ─► the next write of the key
internal import MartletBase
internal import MartletReplication
internal import MartletVersions
internal import MartletWire

/// How the reads fared that began one time after the acknowledgement.
struct OffsetTally {
    /// How long after it.
    let offset: Duration
    /// How many there were.
    var reads = 0
    /// How many did not show the write.
    var stale = 0

    /// The share of stale ones.
    var staleShare: Double { Double(stale) / Double(max(1, reads)) }
}

/// A stand, the keys that are tried on it, and what has been measured.
struct VisibilityTrials {
    /// A key with one write at a time.
    private struct Slot {
        let key: Bytes
        let coordinator: Int
        var dot: Dot?
        var unanswered = 0
        /// When each request under way began: the write, then the reads in the order of offsets.
        var began: [Instant] = []
    }

    private static let slotCount = 256
    /// The most reads of a write.
    static let offsetLimit = 63
    private static let value = Bytes(repeating: 7, count: 16)

    private let pair: QuorumPair
    private let replicaCount: Int
    private var stand: QuorumStand
    private var slots: [Slot] = []
    private var remaining = 0
    private var tallies: [OffsetTally] = []
    /// How long the writes took, in no order that matters.
    private(set) var writes: [Duration] = []
    /// How long the reads took.
    private(set) var reads: [Duration] = []

    init(_ pair: QuorumPair, on stand: QuorumStand, replicaCount: Int) {
        self.pair = pair
        self.replicaCount = replicaCount
        self.stand = stand
        for index in 0..<Self.slotCount {
            let key = Bytes("key-\(index)".utf8)
            slots.append(Slot(key: key, coordinator: stand.coordinator(of: key)))
        }
    }

    /// Makes `count` writes, each with a read at each of `offsets`, and says what the reads showed.
    mutating func run(_ count: Int, offsets: [Duration]) -> [OffsetTally] {
        invariant(offsets.count <= Self.offsetLimit, "\(offsets.count) reads of one write")
        tallies = offsets.map { OffsetTally(offset: $0) }
        remaining = count
        var underWay = 0
        for slot in slots.indices where begin(slot) { underWay += 1 }
        var answers: [(id: RequestID, answer: ClientAnswer)] = []
        var alarms: [Int] = []
        while underWay > 0 {
            stand.advance(answers: &answers, alarms: &alarms)
            for alarm in alarms { read(alarm) }
            for (id, answer) in answers {
                let slot = take(answer, to: Int(id.rawValue))
                if slots[slot].unanswered == 0, !begin(slot) { underWay -= 1 }
            }
        }
        return tallies
    }

    // A request's number says its slot, and which of the slot's requests it is: 0 the write.
    private static func number(_ slot: Int, _ request: Int) -> Int {
        slot * (offsetLimit + 1) + request
    }

    /// Writes a slot's key; false when there have been enough writes.
    private mutating func begin(_ slot: Int) -> Bool {
        guard remaining > 0 else { return false }
        remaining -= 1
        slots[slot].unanswered = 1 + tallies.count
        slots[slot].began = [Instant](repeating: stand.now, count: 1 + tallies.count)
        var options = WriteOptions()
        // The coordinator's own copy is there at once, and no read looks at it.
        options.w = .count(pair.w + 1)
        options.dw = .count(0)
        let mutation = Mutation(content: .value(Self.value), causality: .coordinator)
        ask(.put(mutation, options), number: Self.number(slot, 0))
        return true
    }

    private mutating func read(_ number: Int) {
        let (slot, request) = number.quotientAndRemainder(dividingBy: Self.offsetLimit + 1)
        slots[slot].began[request] = stand.now
        var options = ReadOptions()
        // All homes but the last, which coordinates.
        options.n = replicaCount
        options.r = .count(pair.r)
        ask(.get(options), number: number)
    }

    private mutating func ask(_ operation: ClientOperation, number: Int) {
        let slot = slots[number / (Self.offsetLimit + 1)]
        stand.request(
            RequestID(rawValue: UInt64(number)),
            ClientRequest(key: slot.key, operation: operation), at: slot.coordinator)
    }

    /// Takes in an answer; returns its slot.
    private mutating func take(_ answer: ClientAnswer, to number: Int) -> Int {
        let (slot, request) = number.quotientAndRemainder(dividingBy: Self.offsetLimit + 1)
        let took = stand.now.since(slots[slot].began[request])
        slots[slot].unanswered -= 1
        switch answer {
        case .written(let write):
            writes.append(took)
            slots[slot].dot = write.dot
            for (index, tally) in tallies.enumerated() {
                stand.ring(Self.number(slot, index + 1), after: tally.offset)
            }
        case .read(let read):
            reads.append(took)
            tallies[request - 1].reads += 1
            let isFresh = read.object.siblings.contains { $0.dot == slots[slot].dot }
            if !isFresh { tallies[request - 1].stale += 1 }
        case .failed(let error): fatalError("nothing goes wrong on a stand, and yet: \(error)")
        }
        return slot
    }
}
