// The keys and values that storage is measured with: cheap to make, the same in every run, and the
// same that a program on another store can make from this description.
//
//   word  = mix(i + 1), the finaliser of SplitMix64
//   key   = word big-endian, (word × 0x9E3779B97F4A7C15) big-endian: 16 bytes, in random order
//   value = bytes of a pool, from piece number mix(word + version) × pieces >> 64 on
//   piece = 50 random bytes, and the same again: values compress about 2:1
internal import MartletBase
internal import MartletStorage

/// Keys 0 ..< `keyCount` with values of one length.
struct StorageLoad {
    /// How many keys there are.
    let keyCount: Int
    /// The length of each value.
    let valueBytes: Int
    private let pool: Bytes

    /// The length of each key.
    static let keyBytes = 16
    /// Partitions that keys are spread over, as a cluster does by default.
    static let partitionBits = 10
    /// Pieces that a value may begin with: their bytes fit into a processor's cache.
    private static let pieces = 10_000
    private static let pieceBytes = 100

    init(keyCount: Int, valueBytes: Int) {
        self.keyCount = keyCount
        self.valueBytes = valueBytes
        let size = Self.pieces * Self.pieceBytes + valueBytes
        var pool = Bytes()
        pool.reserveCapacity(size + Self.pieceBytes)
        var state: UInt64 = 0
        while pool.count < size {
            let half = (0..<Self.pieceBytes / 2).map { _ in
                state += 1
                return UInt8(truncatingIfNeeded: StableHash.mix(state))
            }
            pool += half
            pool += half
        }
        self.pool = pool
    }

    /// What a client would call the data: keys and values.
    var liveBytes: Int { keyCount * (Self.keyBytes + valueBytes) }

    private static func word(_ index: Int) -> UInt64 { StableHash.mix(UInt64(index) + 1) }

    /// The partition of key `index`: its first bits.
    static func partition(_ index: Int) -> UInt16 {
        UInt16(truncatingIfNeeded: word(index) >> (64 - partitionBits))
    }

    /// Key `index`.
    func key(_ index: Int) -> StorageKey {
        let word = Self.word(index)
        let bytes = unsafe Bytes(unsafeUninitializedCapacity: Self.keyBytes) { target, count in
            let words = UnsafeMutableRawBufferPointer(target)
            unsafe words.storeBytes(of: word.bigEndian, as: UInt64.self)
            let second = word &* 0x9E37_79B9_7F4A_7C15
            unsafe words.storeBytes(of: second.bigEndian, toByteOffset: 8, as: UInt64.self)
            count = Self.keyBytes
        }
        let partition = UInt16(truncatingIfNeeded: word >> (64 - Self.partitionBits))
        return .object(partition: partition, key: bytes)
    }

    /// What key `index` holds once written for the `version`th time.
    func value(_ index: Int, version: Int = 0) -> Bytes {
        let word = StableHash.mix(Self.word(index) &+ UInt64(version))
        let piece = word.multipliedFullWidth(by: UInt64(Self.pieces)).high
        let start = Int(piece) * Self.pieceBytes
        return Bytes(pool[start..<start + valueBytes])
    }

    /// The index of the `number`th key that a workload picks, each as likely as any other.
    func pick(_ number: Int, salt: UInt64) -> Int {
        let word = StableHash.mix(UInt64(number) &+ salt << 40)
        return Int(word.multipliedFullWidth(by: UInt64(keyCount)).high)
    }

    /// The batch that writes key `index`.
    func batch(_ index: Int, version: Int = 0) -> WriteBatch {
        var batch = WriteBatch()
        batch.put(key(index), value(index, version: version))
        return batch
    }
}
