// Deals partitions to members, given how many each takes and how zones must be spread. Finds an
// assignment that meets both exactly, then mixes it; who is primary is decided afterwards.
internal import MartletBase

/// A dealing of homes: for each partition a row of distinct members.
///
/// The first rows come from McNaughton's wrap-around rule (Management Science, 1959): lay the
/// partitions out in rounds of one order, cut the line into consecutive runs as long as the
/// shares, and no run meets a partition twice, since none is longer than a round. It is applied to
/// zones, then to the members of each zone. Random exchanges then keep every total and every zone
/// rule while they break up the runs, so that a dead node's load falls on many others rather than
/// on its neighbours in the line.
struct Deal {
    /// How often mixing tries to exchange each home.
    private static let mixingRounds = 8

    /// The homes, a row of `width` for each partition, as positions of members.
    private(set) var rows: [UInt16] = []

    private let width: Int
    private let partitions: Int
    private let zones: Zones
    private let spread: ZoneSpread
    private var random: SeededRandom

    init(
        partitions: Int, width: Int, zones: Zones, spread: ZoneSpread, shares: FairShares,
        random: SeededRandom
    ) {
        self.partitions = partitions
        self.width = width
        self.zones = zones
        self.spread = spread
        self.random = random
        deal(shares)
        mix()
    }

    // MARK: Wrap-around

    private mutating func deal(_ shares: FairShares) {
        rows = [UInt16](repeating: 0, count: partitions * width)
        var filled = [Int](repeating: 0, count: partitions)
        let extras = dealExtras(shares)
        for zone in 0..<zones.count {
            let order = roundOrder(first: extras[zone])
            var unit = 0
            for member in zones.members[zone] {
                for _ in 0..<shares.memberTotals[member] {
                    let partition = order[unit % partitions]
                    invariant(filled[partition] < width, "partition \(partition) overfull")
                    rows[partition * width + filled[partition]] = UInt16(member)
                    filled[partition] += 1
                    unit += 1
                }
            }
        }
        invariant(filled.allSatisfy { $0 == width }, "rows filled to \(filled)")
    }

    /// For each zone the partitions of which it holds one home more than its fewest.
    private mutating func dealExtras(_ shares: FairShares) -> [[Int]] {
        let order = shuffled(0..<partitions)
        var unit = 0
        return (0..<zones.count).map { zone in
            let count = shares.zoneTotals[zone] - partitions * spread.fewest[zone]
            invariant((0...partitions).contains(count), "zone \(zone) has \(count) extra homes")
            defer { unit += count }
            return (unit..<unit + count).map { order[$0 % partitions] }
        }
    }

    /// A random order of all partitions that begins with `first`: the last, unfinished round then
    /// stands exactly one round behind the one before.
    private mutating func roundOrder(first: [Int]) -> [Int] {
        var isFirst = [Bool](repeating: false, count: partitions)
        for partition in first { isFirst[partition] = true }
        let order = shuffled(0..<partitions)
        return order.filter { isFirst[$0] } + order.filter { !isFirst[$0] }
    }

    /// Fisher and Yates, from our own stream, so that the order is the same in every build.
    private mutating func shuffled(_ range: Range<Int>) -> [Int] {
        var items = Array(range)
        for last in stride(from: items.count - 1, to: 0, by: -1) {
            items.swapAt(last, random.below(last + 1))
        }
        return items
    }

    // MARK: Mixing

    private mutating func mix() {
        guard partitions > 1 else { return }
        for _ in 0..<Deal.mixingRounds {
            for place in rows.indices {
                let other = random.below(rows.count)
                if mayExchange(place, other) { rows.swapAt(place, other) }
            }
        }
    }

    /// Whether the homes at two places may change rows: neither row would hold a member twice, nor
    /// break the spread over zones.
    private func mayExchange(_ left: Int, _ right: Int) -> Bool {
        let leftRow = row(of: left)
        let rightRow = row(of: right)
        if leftRow == rightRow || rows[leftRow].contains(rows[right])
            || rows[rightRow].contains(rows[left])
        {
            return false
        }
        let leftZone = zone(at: left)
        let rightZone = zone(at: right)
        return leftZone == rightZone
            || mayTrade(leftZone, for: rightZone, in: leftRow)
                && mayTrade(rightZone, for: leftZone, in: rightRow)
    }

    private func row(of place: Int) -> Range<Int> {
        let first = place - place % width
        return first..<first + width
    }

    private func zone(at place: Int) -> Int {
        zones.ofMember[Int(rows[place])]
    }

    private func mayTrade(_ lost: Int, for gained: Int, in row: Range<Int>) -> Bool {
        var lostCount = 0
        var gainedCount = 0
        for place in row {
            let zone = zone(at: place)
            if zone == lost { lostCount += 1 }
            if zone == gained { gainedCount += 1 }
        }
        return lostCount > spread.fewest[lost] && gainedCount < spread.most[gained]
    }

    // MARK: Order

    /// Puts each row in its final order: its primary first, the others at random.
    mutating func order(primaries: [UInt16]) {
        for partition in 0..<partitions {
            let first = partition * width
            for place in stride(from: first + width - 1, to: first, by: -1) {
                rows.swapAt(place, first + random.below(place - first + 1))
            }
            let primary = primaries[partition]
            guard let place = (first..<first + width).first(where: { rows[$0] == primary }) else {
                fatalError("primary \(primary) is no home of partition \(partition)")
            }
            rows.swapAt(first, place)
        }
    }
}
