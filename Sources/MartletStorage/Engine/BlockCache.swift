// Unpacked blocks in memory, up to a limit in bytes, evicted by the clock algorithm: a hand goes
// round, spares what was used since it last came by, and evicts what was not. A table knows the
// slot of each of its blocks, so that a hit costs two array reads and no hash.
internal import MartletBase

final class BlockCache {
    private struct Slot {
        var table: Table?
        var index = 0
        var block: Block?
        var wasUsed = false
    }

    private let limitBytes: Int
    private var slots: [Slot] = []
    private var free: [Int32] = []
    private var hand = 0
    private(set) var byteCount = 0
    private(set) var hits: UInt64 = 0
    private(set) var misses: UInt64 = 0

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    /// The block, if it is here. O(1).
    func block(_ index: Int, of table: Table) -> Block? {
        let slot = Int(table.slots[index])
        guard slot >= 0 else {
            misses += 1
            return nil
        }
        hits += 1
        slots[slot].wasUsed = true
        return slots[slot].block
    }

    /// Keeps a block, and evicts what that is too much for. Amortised O(1).
    func insert(_ block: Block, _ index: Int, of table: Table) {
        guard table.slots[index] < 0, block.memoryBytes <= limitBytes else { return }
        while byteCount + block.memoryBytes > limitBytes { turnHand() }
        let slot = free.popLast() ?? newSlot()
        slots[Int(slot)] = Slot(table: table, index: index, block: block)
        table.slots[index] = slot
        byteCount += block.memoryBytes
    }

    private func newSlot() -> Int32 {
        slots.append(Slot())
        return Int32(slots.count - 1)
    }

    private func turnHand() {
        hand = hand + 1 < slots.count ? hand + 1 : 0
        guard slots[hand].block != nil else { return }
        if slots[hand].wasUsed { slots[hand].wasUsed = false } else { empty(hand) }
    }

    private func empty(_ index: Int) {
        let slot = slots[index]
        guard let table = slot.table, let block = slot.block else { return }
        byteCount -= block.memoryBytes
        table.slots[slot.index] = -1
        slots[index] = Slot()
        free.append(Int32(index))
    }

    /// Lets go of all blocks of a table that is no longer data.
    func forget(_ table: Table) {
        for slot in table.slots where slot >= 0 { empty(Int(slot)) }
    }

    /// Recounts what the counters claim; O(slots), for tests.
    func checkInvariants() {
        let bytes = slots.reduce(0) { $0 + ($1.block?.memoryBytes ?? 0) }
        invariant(bytes == byteCount, "\(bytes) bytes cached, counted \(byteCount)")
        invariant(byteCount <= limitBytes, "\(byteCount) bytes cached, limit \(limitBytes)")
        for (index, slot) in slots.enumerated() {
            if let table = slot.table {
                invariant(table.slots[slot.index] == index, "slot \(index) is not its table's")
            }
        }
    }
}
