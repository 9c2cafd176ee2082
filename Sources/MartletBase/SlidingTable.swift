// What is in flight, under numbers that count up: a window that slides along them. Looking one up
// is indexing, not hashing, and a walk goes in the order of beginning.

/// Values under consecutive numbers, most of them short-lived.
///
/// A ring of slots from the oldest value to the newest: one that outlives the others holds on to
/// the slots of those that came after it, 8 bytes each for a class.
public struct SlidingTable<Element> {
    /// A power of two of them; the value under `number` is at `number & mask`.
    @usableFromInline var slots: [Element?]
    /// No value has a number below this.
    @usableFromInline var oldest: UInt64
    /// The number that the next value gets.
    @usableFromInline var next: UInt64
    /// How many values there are.
    @usableFromInline var live = 0

    /// A table without values, whose first gets the number `first`.
    @inlinable
    public init(first: UInt64 = 1) {
        oldest = first
        next = first
        slots = Array(repeating: nil, count: 64)
    }

    /// How many values there are.
    @inlinable
    public var count: Int { live }

    /// What of a number is its slot.
    @inlinable
    var mask: UInt64 { UInt64(slots.count - 1) }

    /// Adds a value and returns its number. O(1) amortised.
    @inlinable
    public mutating func append(_ element: Element) -> UInt64 {
        if next - oldest == UInt64(slots.count) { grow() }
        let number = next
        slots[Int(number & mask)] = element
        next += 1
        live += 1
        return number
    }

    /// The value under `number`; nil when there is none, or no longer. O(1).
    @inlinable
    public subscript(number: UInt64) -> Element? {
        guard number >= oldest, number < next else { return nil }
        return slots[Int(number & mask)]
    }

    /// Whether there is a value under `number`. O(1).
    @inlinable
    public func contains(_ number: UInt64) -> Bool {
        number >= oldest && number < next && slots[Int(number & mask)] != nil
    }

    /// Takes the value under `number` out. O(1) amortised.
    @inlinable
    @discardableResult
    public mutating func remove(_ number: UInt64) -> Element? {
        guard number >= oldest, number < next else { return nil }
        let index = Int(number & mask)
        guard let element = slots[index] else { return nil }
        slots[index] = nil
        live -= 1
        while oldest < next, slots[Int(oldest & mask)] == nil { oldest += 1 }
        return element
    }

    /// The numbers of all values, ascending. O(window).
    public var numbers: [UInt64] {
        (oldest..<next).filter { slots[Int($0 & mask)] != nil }
    }

    /// Doubles the ring.
    @usableFromInline
    mutating func grow() {
        var larger = [Element?](repeating: nil, count: slots.count * 2)
        let largerMask = UInt64(larger.count - 1)
        for number in oldest..<next {
            larger[Int(number & largerMask)] = slots[Int(number & mask)]
        }
        slots = larger
    }
}
