// The objects that exchanges are measured with: a function of a key's number, the same in every
// run.
//
//   key     = that of `StorageLoad`: 16 random bytes; no two have more in common than by chance
//   object  = one value, written by one of the homes in turn, at any moment of the last 30 days
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions

/// Keys 0 ..< `keyCount`, of which the victim lacks a share.
struct ExchangeLoad {
    let keyCount: Int
    let valueBytes: Int
    /// Of all keys, from 0 to 1.
    let lostShare: Double
    let replicaCount: Int
    private let values: StorageLoad

    /// What the wall clock shows when time begins, in milliseconds.
    static let wallStart = WallTime(milliseconds: 1_700_000_000_000)
    private static let spreadMilliseconds = 30 * 24 * 3_600 * 1_000
    private static let incarnation: UInt32 = 1_690_000_000

    init(keyCount: Int, valueBytes: Int, lostShare: Double, replicaCount: Int) {
        self.keyCount = keyCount
        self.valueBytes = valueBytes
        self.lostShare = lostShare
        self.replicaCount = replicaCount
        values = StorageLoad(keyCount: keyCount, valueBytes: valueBytes)
    }

    func key(_ index: Int) -> Bytes { values.key(index).key }

    /// What a client would call the key's data.
    var entryBytes: Int { StorageLoad.keyBytes + valueBytes }

    /// Whether the victim lacks key `index`.
    func isLost(_ index: Int) -> Bool {
        var random = SeededRandom(seed: UInt64(index), stream: "lost")
        return random.chance(lostShare)
    }

    /// What key `index` holds where `members` write in turns.
    func object(_ index: Int, writtenBy members: [NodeID]) -> Object {
        var random = SeededRandom(seed: UInt64(index), stream: "age")
        let age = 1_000 + UInt64(random.below(Self.spreadMilliseconds))
        let wall = WallTime(milliseconds: Self.wallStart.milliseconds - age)
        let actor = Actor(
            node: members[index % members.count], incarnation: Self.incarnation)
        var object = Object()
        object.record(
            Sibling(
                dot: Dot(actor: actor, counter: UInt64(index / members.count + 1)),
                timestamp: HybridTimestamp(wall), content: .value(values.value(index))),
            seen: Context())
        return object
    }
}
