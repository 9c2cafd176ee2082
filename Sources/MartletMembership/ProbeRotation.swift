// Whom to probe next: SWIM's round robin over a shuffled list (section 4.3), which bounds the time
// until a failed member is probed by any one node to two rounds. It knows ids, not states.
internal import MartletBase

/// Every other member once, in random order; then again in another.
struct ProbeRotation: Sendable {
    private(set) var order: [NodeID] = []
    private var cursor = 0

    /// Puts a newcomer at a position drawn at random. O(n).
    mutating func insert(_ id: NodeID, random: inout SeededRandom) {
        let position = random.below(order.count + 1)
        order.insert(id, at: position)
        if position < cursor { cursor += 1 }
    }

    /// Takes out one that is no member any more. O(n).
    mutating func remove(_ id: NodeID) {
        guard let position = order.firstIndex(of: id) else { return }
        order.remove(at: position)
        if position < cursor { cursor -= 1 }
    }

    /// The next id for which `condition` holds; shuffles anew after each round. O(n) at worst.
    mutating func next(
        random: inout SeededRandom, where condition: (NodeID) -> Bool
    ) -> NodeID? {
        for _ in order.indices {
            if cursor == order.count {
                order.shuffle(using: &random)
                cursor = 0
            }
            cursor += 1
            if condition(order[cursor - 1]) { return order[cursor - 1] }
        }
        return nil
    }
}
