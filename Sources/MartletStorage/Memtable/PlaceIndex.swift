// The hash index over an arena's records: from a fingerprint to the places that may hold its key.
// It never looks at a record; whether one is about the key is the caller's answer.

//   slot = u32 fingerprint, u32 place; all zero when empty
//
// A slot's home is the upper bits of its fingerprint, so that the slots lie nearly in the order of
// their fingerprints, and growing copies from front to back.
internal import MartletBase

/// Open addressing with linear probing; at most six tenths full, nothing is ever removed.
@safe
struct PlaceIndex: ~Copyable {
    private var slots: UnsafeMutablePointer<UInt64>
    private var capacityBits: UInt32
    /// How many slots are taken.
    private(set) var count = 0

    /// The slots that an index begins with.
    static let firstCapacity = 64
    private static let capacityBitsLimit: UInt32 = 31

    init() {
        capacityBits = UInt32(Self.firstCapacity.trailingZeroBitCount)
        unsafe slots = .allocate(capacity: Self.firstCapacity)
        unsafe slots.initialize(repeating: 0, count: Self.firstCapacity)
    }

    deinit {
        unsafe slots.deallocate()
    }

    /// How many slots there are: a power of two.
    var capacity: Int { 1 << Int(capacityBits) }
    /// What the slots take, in bytes.
    var byteCount: Int { capacity * MemoryLayout<UInt64>.stride }
    /// Whether the next key needs `grow` first.
    var isFull: Bool { (count + 1) * 10 > capacity * 6 }

    /// Where the search for the key behind `fingerprint` begins; it goes on by `slot(after:)`
    /// until the key is found or an empty slot. O(1) steps as long as few keys share a
    /// fingerprint, O(those) otherwise.
    @inline(__always)
    func home(of fingerprint: UInt32) -> Int {
        Int(fingerprint >> (32 - capacityBits))
    }

    /// The slot behind `slot`; the first behind the last.
    @inline(__always)
    func slot(after slot: Int) -> Int {
        (slot + 1) & (capacity - 1)
    }

    /// Whether `slot` holds a place of this fingerprint.
    @inline(__always)
    func matches(_ slot: Int, _ fingerprint: UInt32) -> Bool {
        unsafe UInt32(truncatingIfNeeded: slots[slot] >> 32) == fingerprint
    }

    /// What `slot` holds; `none` when it is empty.
    @inline(__always)
    func place(at slot: Int) -> RecordArena.Place {
        RecordArena.Place(rawValue: UInt32(truncatingIfNeeded: unsafe slots[slot]))
    }

    /// Fills or refills a slot that a search ended at.
    @inline(__always)
    mutating func set(_ slot: Int, _ fingerprint: UInt32, _ place: RecordArena.Place) {
        unsafe count += slots[slot] == 0 ? 1 : 0
        unsafe slots[slot] = UInt64(fingerprint) << 32 | UInt64(place.rawValue)
    }

    /// Makes room for at least twice the keys, for `expected` if four times suffice. O(capacity),
    /// without a look at any record.
    mutating func grow(expected: Int) {
        let old = unsafe slots
        let oldCapacity = capacity
        capacityBits += expected * 10 > 2 * oldCapacity * 6 ? 2 : 1
        invariant(capacityBits <= Self.capacityBitsLimit, "an index of \(capacity) slots")
        unsafe slots = .allocate(capacity: capacity)
        unsafe slots.initialize(repeating: 0, count: capacity)
        let mask = capacity - 1
        for index in 0..<oldCapacity {
            let slot = unsafe old[index]
            if slot == 0 { continue }
            var target = Int(slot >> UInt64(64 - capacityBits))
            while unsafe slots[target] != 0 { target = (target + 1) & mask }
            unsafe slots[target] = slot
        }
        unsafe old.deallocate()
    }
}
