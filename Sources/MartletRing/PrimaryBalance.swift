// Which home of each partition is its primary, so that leading is shared as evenly as holding. Any
// home can coordinate; the primary is only asked first.
internal import MartletBase

/// The choice of primaries for given rows of homes.
///
/// A member with x of the homes leads ⌊x/N⌋ or ⌈x/N⌉ partitions. Such a choice always exists:
/// leading 1/N of each partition one holds is a fractional one, and bipartite flows with whole
/// bounds have whole solutions. A greedy pass, or the choice before, comes close; moves along
/// shortest chains of partitions do the rest.
struct PrimaryBalance {
    /// For each partition, the position of its primary.
    private(set) var primaries: [UInt16] = []

    private let rows: [UInt16]
    private let width: Int
    private let held: [Int]
    private var led: [Int]

    /// Chooses the primaries of `rows`, `width` homes each, when members hold `held` of them; where
    /// the first of each row leads it already, so many of these stay as can.
    init(rows: [UInt16], width: Int, held: [Int], keepingFirst: Bool = false) {
        self.rows = rows
        self.width = width
        self.held = held
        led = [Int](repeating: 0, count: held.count)
        if keepingFirst { keepFirst() } else { chooseGreedily() }
        while let chain = chain(from: { led[$0] > ceiling($0) }, to: { due($0) > 0 }) {
            pass(along: chain)
        }
        while let chain = chain(from: { due($0) < 0 }, to: { led[$0] < floor($0) }) {
            pass(along: chain)
        }
        for member in held.indices {
            invariant(
                (floor(member)...ceiling(member)).contains(led[member]),
                "member \(member) leads \(led[member]) of \(held[member]), \(width) homes each")
        }
    }

    private func floor(_ member: Int) -> Int { held[member] / width }
    private func ceiling(_ member: Int) -> Int { (held[member] + width - 1) / width }
    /// `width` times what the member leads too little; negative when it leads too much.
    private func due(_ member: Int) -> Int { held[member] - width * led[member] }

    private func homes(_ partition: Int) -> ArraySlice<UInt16> {
        rows[partition * width..<(partition + 1) * width]
    }

    private mutating func keepFirst() {
        primaries = stride(from: 0, to: rows.count, by: width).map { rows[$0] }
        for primary in primaries { led[Int(primary)] += 1 }
    }

    private mutating func chooseGreedily() {
        for partition in 0..<rows.count / width {
            var primary = rows[partition * width]
            for home in homes(partition) where due(Int(home)) > due(Int(primary)) { primary = home }
            primaries.append(primary)
            led[Int(primary)] += 1
        }
    }

    /// A step of a chain: `partition` gets `receiver` as its primary.
    private struct Step {
        let partition: Int
        let receiver: Int
    }

    /// The shortest chain from a member that `source` accepts to one that `target` accepts, in
    /// which each leads a partition that the next is home to; nil when there is none. O(Q · N).
    private func chain(from source: (Int) -> Bool, to target: (Int) -> Bool) -> [Step]? {
        var ledBy = [[Int]](repeating: [], count: held.count)
        for (partition, primary) in primaries.enumerated() { ledBy[Int(primary)].append(partition) }
        var receivedThrough = [Int?](repeating: nil, count: held.count)
        var queue = held.indices.filter(source)
        var isReached = held.indices.map(source)
        var next = 0
        while next < queue.count {
            let giver = queue[next]
            next += 1
            for partition in ledBy[giver] {
                for home in homes(partition).map(Int.init) where !isReached[home] {
                    isReached[home] = true
                    receivedThrough[home] = partition
                    if target(home) { return steps(to: home, receivedThrough) }
                    queue.append(home)
                }
            }
        }
        return nil
    }

    private func steps(to last: Int, _ receivedThrough: [Int?]) -> [Step] {
        var steps: [Step] = []
        var receiver = last
        while let partition = receivedThrough[receiver] {
            steps.append(Step(partition: partition, receiver: receiver))
            receiver = Int(primaries[partition])
        }
        return steps
    }

    /// Passes the partitions of a chain on: one fewer for its first member, one more for its last.
    private mutating func pass(along chain: [Step]) {
        for step in chain {
            led[Int(primaries[step.partition])] -= 1
            led[step.receiver] += 1
            primaries[step.partition] = UInt16(step.receiver)
        }
    }
}
