// Deals partitions anew to members that mostly have them already: whoever may keep a partition
// does, as far as its share goes, and what is free goes to those who are short.
internal import MartletBase

/// A dealing that follows another.
///
/// A place is *free* where its home is no member any more, or a zone has more homes than it may.
/// Each free place, and each that a member has beyond its share, is passed to a member that is
/// short of its share, if possible one that has had the partition and had to give it up: then
/// nothing moves. Every other pass gives a member something that it was to get in any case. Where
/// no such pass is possible, since a receiver has the partition already or its zone is full there,
/// the shortest chain of passes is taken instead, an augmenting path of the flow from partitions
/// through zones to members; each of its passes but one moves more than would have to be.
struct Redeal {
    /// The holder of a free place.
    private static let nobody = -1

    /// The homes, a row of `width` for each partition, as positions of members; those that stay
    /// first, in their order.
    private(set) var rows: [Int] = []

    private let width: Int
    private let zones: Zones
    private let spread: ZoneSpread
    private let shares: [Int]
    /// The homes that each partition has had.
    private let present: [[Int]]
    /// Homes of a partition that may lie in zones beyond their fewest.
    private let extraLimit: Int
    /// The partitions of each member, in no order that matters; behind them those of nobody.
    private var held: [[Int]] = []
    private var random: SeededRandom

    /// Deals to members of these `shares`, where each partition had the homes of `present` that are
    /// still members.
    init(
        present: [[Int]], width: Int, zones: Zones, spread: ZoneSpread, shares: [Int],
        random: SeededRandom
    ) {
        self.width = width
        self.zones = zones
        self.spread = spread
        self.shares = shares
        self.present = present
        self.random = random
        extraLimit = width - spread.fewest.reduce(0, +)
        held = [[Int]](repeating: [], count: shares.count + 1)
        keep()
        fill()
        level()
    }

    /// How many partitions each member has.
    var counts: [Int] { held.dropLast().map(\.count) }

    /// Where free places are held.
    private var free: Int { shares.count }

    private func surplus(_ member: Int) -> Int { held[member].count - shares[member] }

    // MARK: What stays

    /// Lets every home keep what it may: where too many are left of a partition, those go that have
    /// most beyond their share.
    private mutating func keep() {
        var counts = [Int](repeating: 0, count: shares.count)
        for homes in present { for home in homes { counts[home] += 1 } }
        for (partition, homes) in present.enumerated() {
            var row = homes
            while let place = placeToFree(in: row, counts) {
                counts[row[place]] -= 1
                row.remove(at: place)
            }
            for home in row { held[home].append(partition) }
            let missing = width - row.count
            held[free] += [Int](repeating: partition, count: missing)
            rows += row + [Int](repeating: Self.nobody, count: missing)
        }
    }

    /// The place in `row` that must be given up; nil where all may stay.
    private func placeToFree(in row: [Int], _ counts: [Int]) -> Int? {
        let inZones = (0..<zones.count).map { zone in row.count { zones.ofMember[$0] == zone } }
        var extras = 0
        for zone in 0..<zones.count { extras += max(0, inZones[zone] - spread.fewest[zone]) }
        let crowded = (0..<zones.count).filter { inZones[$0] > spread.most[$0] }
        let candidates = row.indices.filter { place in
            let zone = zones.ofMember[row[place]]
            if !crowded.isEmpty { return crowded.contains(zone) }
            return extras > extraLimit && inZones[zone] > spread.fewest[zone]
        }
        return candidates.max { left, right in
            let (one, other) = (row[left], row[right])
            return (counts[one] - shares[one], left) < (counts[other] - shares[other], right)
        }
    }

    // MARK: Passing on

    /// Gives every free place a home.
    private mutating func fill() {
        for back in [true, false] {
            while !held[free].isEmpty, pass(from: [free], to: shortMembers(), back: back) {}
        }
        // Where the shares cannot be met exactly, whoever may have a place does.
        while !held[free].isEmpty {
            let others = (0..<shares.count).sorted { (surplus($0), $0) < (surplus($1), $1) }
            let isPassed = pass(from: free, to: others, back: false)
            invariant(isPassed, "nobody may have partition \(held[free])")
        }
    }

    /// Has members that hold more than their share pass on the rest.
    private mutating func level() {
        for back in [true, false] {
            while case let givers = fullMembers(), !givers.isEmpty,
                pass(from: givers, to: shortMembers(), back: back)
            {}
        }
    }

    /// Passes one partition of one of `givers`, or several along a chain, so that one of
    /// `receivers` has one more. False where there is no way.
    private mutating func pass(from givers: [Int], to receivers: [Int], back: Bool) -> Bool {
        for giver in givers where pass(from: giver, to: receivers, back: back) { return true }
        return passAlongChain(from: givers, back: back)
    }

    /// The members that hold more than their share, those with the most of it first.
    private func fullMembers() -> [Int] {
        (0..<shares.count).filter { surplus($0) > 0 }
            .sorted { (surplus($1), $0) < (surplus($0), $1) }
    }

    /// The members that hold less than their share, the shortest of it first.
    private func shortMembers() -> [Int] {
        (0..<shares.count).filter { surplus($0) < 0 }
            .sorted { (surplus($0), $0) < (surplus($1), $1) }
    }

    /// Passes one partition of `giver` to the first of `receivers` that may have one, and has had
    /// it where it is to go `back`; false where there is none.
    private mutating func pass(from giver: Int, to receivers: [Int], back: Bool) -> Bool {
        let count = held[giver].count
        let start = random.below(count)
        for receiver in receivers {
            for step in 0..<count {
                let index = (start + step) % count
                if mayPass(held[giver][index], from: giver, to: receiver, back: back) {
                    pass(index, from: giver, to: receiver)
                    return true
                }
            }
        }
        return false
    }

    private mutating func pass(_ index: Int, from giver: Int, to receiver: Int) {
        let partition = held[giver][index]
        held[giver].swapAt(index, held[giver].count - 1)
        held[giver].removeLast()
        held[receiver].append(partition)
        let holder = giver == free ? Self.nobody : giver
        guard let place = row(partition).first(where: { rows[$0] == holder }) else {
            fatalError("\(holder) is no home of partition \(partition)")
        }
        // Those that stay come first.
        for place in place..<(partition + 1) * width - 1 { rows[place] = rows[place + 1] }
        rows[(partition + 1) * width - 1] = receiver
    }

    private func row(_ partition: Int) -> Range<Int> { partition * width..<(partition + 1) * width }

    /// Whether `receiver` may be a home of `partition` in the place of `giver`, and has been one
    /// where it is to go `back`.
    private func mayPass(
        _ partition: Int, from giver: Int, to receiver: Int, back: Bool = false
    ) -> Bool {
        if back, !present[partition].contains(receiver) { return false }
        let zone = zones.ofMember[receiver]
        let left = giver == free ? nil : zones.ofMember[giver]
        var (inZone, inLeft, extras) = (0, 0, 0)
        for place in row(partition) {
            let home = rows[place]
            if home == receiver { return false }
            guard home != Self.nobody else { continue }
            if zones.ofMember[home] == zone { inZone += 1 }
            if zones.ofMember[home] == left { inLeft += 1 }
        }
        if zone == left { return true }
        if inZone >= spread.most[zone] { return false }
        if let left { return inLeft > spread.fewest[left] }
        if inZone < spread.fewest[zone] { return true }
        for other in 0..<zones.count {
            let count = row(partition).count { place in
                rows[place] != Self.nobody && zones.ofMember[rows[place]] == other
            }
            extras += max(0, count - spread.fewest[other])
        }
        return extras < extraLimit
    }

    // MARK: Chains

    /// What one member passes to the next.
    private struct Link {
        let partition: Int
        let giver: Int
        let receiver: Int
    }

    /// Passes partitions along the shortest chain from one of `givers` to a member that is short;
    /// false where there is none.
    private mutating func passAlongChain(from givers: [Int], back: Bool) -> Bool {
        guard let chain = chain(from: givers, back: back) else { return false }
        var passed = self
        for link in chain.reversed() {
            // Two links of one partition may be in each other's way.
            guard passed.mayPass(link.partition, from: link.giver, to: link.receiver),
                let index = passed.held[link.giver].firstIndex(of: link.partition)
            else { return false }
            passed.pass(index, from: link.giver, to: link.receiver)
        }
        self = passed
        return true
    }

    /// Its links in their order. O(Q · N · members).
    private func chain(from givers: [Int], back: Bool) -> [Link]? {
        let everyone = Array(0..<shares.count)
        var reachedBy = [Link?](repeating: nil, count: shares.count + 1)
        var queue = givers
        var next = 0
        while next < queue.count {
            let giver = queue[next]
            next += 1
            for partition in held[giver] {
                for receiver in back ? present[partition] : everyone
                where reachedBy[receiver] == nil && !givers.contains(receiver)
                    && mayPass(partition, from: giver, to: receiver)
                {
                    reachedBy[receiver] = Link(
                        partition: partition, giver: giver, receiver: receiver)
                    if surplus(receiver) < 0 { return links(to: receiver, reachedBy) }
                    queue.append(receiver)
                }
            }
        }
        return nil
    }

    private func links(to last: Int, _ reachedBy: [Link?]) -> [Link] {
        var links: [Link] = []
        var receiver = last
        while let link = reachedBy[receiver] {
            links.append(link)
            receiver = link.giver
        }
        return links.reversed()
    }
}
