// The truth that the checkers hold the store against, kept outside of it: every request as its
// client made it, every version as its coordinator issued it, with what it replaced. It learns
// versions from the log of the node that issues them, and contexts are never taken on trust: what
// a version covers is the closure over the versions that its writer had really seen.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// One request, and what its client learnt.
struct Operation {
    enum Kind: String {
        case get, put, delete
    }

    enum Outcome {
        case open
        case read
        case written
        case failed
        /// Its node went away, or the client did not wait.
        case unknown
    }

    let kind: Kind
    /// The client; nil for the reads that end a run.
    let client: Int?
    let key: Int
    /// The node that was asked, and in which life.
    let node: Int
    let life: Int
    let began: Instant
    /// What the client had seen of the key; nil when it left that to the coordinator.
    let seen: [Dot]?
    /// How many replicas were asked for: r of a read, w of a write.
    let needed: Int
    /// How many synced ones were asked for.
    let neededSynced: Int
    /// How many home replicas were asked for: pr of a read, pw of a write.
    var neededHomes = 0
    /// n, as it was asked for; nil for all homes.
    var homeCount: Int?
    /// Hash of the value of a put.
    var content: UInt64 = 0
    /// When what it writes expires.
    var expiry: WallTime?
    /// By what time the node went when it was asked.
    var wall = WallTime(milliseconds: 0)
    /// How often it was handed on to a home.
    var forwardCount = 0
    var outcome = Outcome.open
    /// When it was answered.
    var answeredAt: Instant?
    /// Under how many dots it was carried out.
    var dotCount = 0
    /// The timestamp under which it was carried out first.
    var date: HybridTimestamp?
    /// Whether it was carried out again under another timestamp.
    var hasTwoDates = false

    /// Whether its client has been told how it went.
    var isAnswered: Bool { answeredAt != nil }

    mutating func carriedOut(as sibling: Sibling) {
        dotCount += 1
        hasTwoDates = hasTwoDates || date.map { $0 != sibling.timestamp } ?? false
        date = date ?? sibling.timestamp
    }
}

/// One version, as it was issued.
struct Version {
    let key: Int
    /// The write that it is; nil when it is nobody's.
    let operation: Int?
    let content: UInt64
    /// Its place in the key's lineage.
    let place: Int
}

/// A write that its client knows to be safe.
struct Acknowledgement {
    /// A node that holds it, as the answer says.
    struct Holder {
        let node: Int
        let isSynced: Bool
        /// The home that it holds it for; nil when that is itself.
        let standsInFor: Int?

        var isHome: Bool { standsInFor == nil }
    }

    let operation: Int
    let key: Int
    let dot: Dot
    /// The version's place in the key's lineage.
    let place: Int
    let at: Instant
    let holders: [Holder]
}

/// Everything that has happened, as far as clients and logs show it.
struct History {
    let keys: [Bytes]
    private let keyNumbers: [Bytes: Int]
    private(set) var operations: [Operation] = []
    private(set) var acknowledged: [Acknowledgement] = []
    private(set) var versions: [Dot: Version] = [:]
    /// The versions of each key.
    private(set) var lineages: [Lineage]
    /// The acknowledged writes of each key that reads are held against, oldest first.
    private(set) var latest: [[Acknowledgement]]
    private var lastDeletes: [Int?]
    /// For each key, the places of the versions of which the last trace has gone somewhere, when
    /// all homes had seen them, and of all that they had replaced.
    private var buried: [Set<Int>]
    /// For each key the change of a replica that was last found in order.
    var lastChecked: [CheckedChange?]

    /// How many acknowledged writes of a key reads are held against.
    private static let latestLimit = 8

    /// Keys come in the order registers, carts, counters.
    init(_ workload: WorkloadSettings) {
        keys =
            (0..<workload.keyCount).map { Bytes(text: "key-\($0)") }
            + (0..<workload.cartCount).map { Bytes(text: "cart-\($0)") }
            + (0..<workload.counterCount).map { Bytes(text: "counter-\($0)") }
        lastDeletes = keys.map { _ in nil }
        buried = keys.map { _ in [] }
        lastChecked = keys.map { _ in nil }
        lineages = keys.map { _ in Lineage() }
        latest = keys.map { _ in [] }
        keyNumbers = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, $0) })
    }

    func number(of key: Bytes) -> Int? { keyNumbers[key] }

    /// Notes how a request ended; `answeredAt` is when its client was, nil where it was not.
    mutating func end(_ operation: Int, _ outcome: Operation.Outcome, answeredAt: Instant?) {
        operations[operation].outcome = outcome
        operations[operation].answeredAt = answeredAt
    }

    // MARK: Values

    /// The value of a write: its number in front makes it unique.
    static func value(of operation: Int, byteCount: Int) -> Bytes {
        var value = Bytes(text: "w\(operation).")
        if value.count < byteCount {
            let filler = UInt8(ascii: "a") + UInt8(operation % 26)
            value.append(contentsOf: repeatElement(filler, count: byteCount - value.count))
        }
        return value
    }

    /// The write that `value` is of; nil when it is nobody's.
    static func operation(of value: Bytes) -> Int? {
        guard value.first == UInt8(ascii: "w") else { return nil }
        var number = 0
        for byte in value.dropFirst() {
            if byte == UInt8(ascii: ".") { return number }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), number < 1 << 50 else {
                return nil
            }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return nil
    }

    /// The value of a write that has something to say: its number makes it unique all the same.
    static func value(of operation: Int, saying tally: Tally) -> Bytes {
        Bytes(text: "w\(operation).\(tally)")
    }

    static func digest(_ sibling: Sibling) -> UInt64 {
        switch sibling.content {
        case .value(let value): StableHash.hash(value, seed: sibling.timestamp.bits)
        case .tombstone: StableHash.mix(sibling.timestamp.bits)
        }
    }

    // MARK: Versions

    /// Notes a new version and what its coordinator held of the key.
    mutating func issue(_ sibling: Sibling, key: Int, replacing held: [Dot]) -> Version {
        let operation = request(behind: sibling, key: key)
        if let operation { operations[operation].carriedOut(as: sibling) }
        let seen = operation.flatMap { operations[$0].seen }
        let place = lineages[key].add(sibling, seen: places(of: seen ?? held, key: key))
        let version = Version(
            key: key, operation: operation, content: Self.digest(sibling), place: place)
        versions[sibling.dot] = version
        return version
    }

    /// Notes that a write is safe, as its client was told.
    mutating func acknowledge(_ write: Acknowledgement) {
        acknowledged.append(write)
        latest[write.key].append(write)
        if latest[write.key].count > Self.latestLimit { latest[write.key].removeFirst() }
    }

    /// The write that a version is. Tombstones bear no number, so there is never more than one
    /// delete of a key that could still be carried out.
    private func request(behind sibling: Sibling, key: Int) -> Int? {
        if case .value(let value) = sibling.content { return Self.operation(of: value) }
        return lastDeletes[key]
    }

    /// After this long no node acts on a request any more, however late it reached one.
    private static let requestLifetime = Duration.seconds(15)
    /// A process that is stopped acts later still: for how long in all, some process may be.
    var pauses = Duration.zero

    /// Whether a delete of `key` could be told from every other.
    func mayDelete(_ key: Int, at now: Instant) -> Bool {
        guard let last = lastDeletes[key] else { return true }
        return now.since(operations[last].began) > Self.requestLifetime + pauses
    }

    /// Notes that a write is handed on to a home; how often that was done with it.
    mutating func forwarded(_ request: ClientRequest, of key: Int) -> Int {
        guard case .put(let mutation, _) = request.operation else { return 0 }
        let number =
            switch mutation.content {
            case .value(let value): Self.operation(of: value)
            case .tombstone: lastDeletes[key]
            }
        guard let number, operations.indices.contains(number) else { return 0 }
        operations[number].forwardCount += 1
        return operations[number].forwardCount
    }

    /// Notes a request; its number.
    mutating func begin(_ operation: Operation) -> Int {
        operations.append(operation)
        let number = operations.count - 1
        if operation.kind == .delete { lastDeletes[operation.key] = number }
        return number
    }

    /// Whether the write behind `dot` had begun by `instant`; false where that is nil.
    func hasBegun(_ dot: Dot, by instant: Instant?) -> Bool {
        guard let instant, let operation = versions[dot]?.operation else { return false }
        return operations[operation].began <= instant
    }

    // MARK: Removal

    /// Notes that the last trace of the versions at `places` goes.
    mutating func bury(_ places: [Int], key: Int) {
        let new = places.filter { !buried[key].contains($0) }
        guard let last = new.max() else { return }
        buried[key].formUnion(new)
        let ancestry = lineages[key].ancestry(of: new, since: 0)
        for place in 0..<last where ancestry.contains(place) { buried[key].insert(place) }
    }

    /// Whether the version at `place` was removed for good, or replaced by one that was: no context
    /// need tell of it any more.
    func isBuried(_ place: Int, key: Int) -> Bool { buried[key].contains(place) }

    /// As of a place, of a dot.
    func isBuried(_ dot: Dot, key: Int) -> Bool {
        versions[dot].map { $0.key == key && isBuried($0.place, key: key) } ?? false
    }

    /// How many versions of a key that holds of.
    func buriedCount(of key: Int) -> Int { buried[key].count }

    // MARK: Causality

    /// The places of those of `dots` that were issued for `key`.
    func places(of dots: [Dot], key: Int) -> [Int] {
        dots.compactMap { dot in
            versions[dot].flatMap { $0.key == key ? $0.place : nil }
        }
    }

    /// What stands behind `dots`, as far back as any of `others`.
    func held(_ dots: [Dot], key: Int, against others: [Int] = []) -> HeldVersions {
        held(places(of: dots, key: key), key: key, against: others)
    }

    /// What stands behind the versions at `places`, as far back as any of `others`.
    func held(_ places: [Int], key: Int, against others: [Int] = []) -> HeldVersions {
        let oldest = min(places.min() ?? .max, others.min() ?? .max)
        return HeldVersions(
            places: places, ancestry: lineages[key].ancestry(of: places, since: oldest))
    }

    /// Whether the writer of `later` had seen `earlier`, at any remove.
    func precedes(_ earlier: Dot, _ later: Dot) -> Bool {
        guard let earlier = versions[earlier], let later = versions[later],
            earlier.key == later.key, earlier.place < later.place
        else { return false }
        return lineages[later.key].ancestry(of: [later.place], since: earlier.place)
            .contains(earlier.place)
    }

    /// Whether `dot` is in the history of a delete that `context` covers.
    func isDeleted(_ dot: Dot, key: Int, within context: Context) -> Bool {
        guard let place = places(of: [dot], key: key).first else { return false }
        let lineage = lineages[key]
        let deletes = lineage.tombstones.filter {
            $0 > place && context.covers(lineage.dots[$0])
        }
        return lineage.ancestry(of: deletes, since: place).contains(place)
    }
}

/// A change of what a replica holds of a key, and what it is judged by: one replica mostly follows
/// the other, and what was found in order at the first is so at all.
struct CheckedChange: Equatable {
    let before: ReplicaMirror.Entry?
    let after: ReplicaMirror.Entry
    let judgement: HybridTimestamp
    /// How many versions of the key there were, and how many of these were removed for good.
    private var versions = 0
    private var buried = 0

    init(before: ReplicaMirror.Entry?, after: ReplicaMirror.Entry, judgement: HybridTimestamp) {
        self.before = before
        self.after = after
        self.judgement = judgement
    }

    mutating func count(_ history: History, of key: Int) {
        versions = history.lineages[key].dots.count
        buried = history.buriedCount(of: key)
    }

    static func == (left: CheckedChange, right: CheckedChange) -> Bool {
        left.before === right.before && left.after === right.after
            && left.judgement == right.judgement && left.versions == right.versions
            && left.buried == right.buried
    }
}

/// Versions of one key that are held together, and what their writers had seen.
struct HeldVersions {
    let places: [Int]
    let ancestry: Ancestry

    /// Whether one of them is that version, or was written by one who had seen it, at any remove.
    func covers(_ place: Int) -> Bool { places.contains(place) || ancestry.contains(place) }

    /// Whether one of them is in another's history.
    var areOrdered: Bool { places.contains(where: ancestry.contains) }
}
