// Who is left when the unrest is over, and how the others stay away: as a seed draws it. What those
// who are left must do is `World+Core`'s.
internal import MartletBase
internal import MartletStorage

/// The nodes of a cluster, counted from 0, in two: those that are healed, and those that stay away
/// until the others have settled without them.
struct Core: Sendable, CustomStringConvertible {
    /// A node that stays away.
    struct Absence: Sendable {
        let node: Int
        /// What it lost when it crashed; nil when it is up, and cut off from all others.
        let loss: MemoryDisk.CrashLoss?
    }

    /// Those that are healed, ascending; never none.
    let members: [Int]
    /// The others, ascending.
    let absences: [Absence]

    /// The core of a run, from a stream of its own.
    init(_ scenario: Scenario, seed: UInt64) {
        var random = SeededRandom(seed: seed, stream: "core")
        let (count, range) = (scenario.nodeCount, scenario.core)
        let share = range.lowerBound + (range.upperBound - range.lowerBound) * random.unit()
        let size = min(max(1, Int((share * Double(count)).rounded())), count)
        var order = Array(0..<count)
        for index in order.indices.dropLast() {
            order.swapAt(index, index + random.below(count - index))
        }
        members = order[..<size].sorted()
        let losses = MemoryDisk.CrashLoss.allCases
        var absences: [Absence] = []
        for node in order[size...].sorted() {
            let loss = losses[random.below(losses.count)]
            absences.append(Absence(node: node, loss: random.chance(0.5) ? loss : nil))
        }
        self.absences = absences
    }

    /// Whether a node may not start.
    func keepsDown(_ node: Int) -> Bool {
        absences.contains { $0.node == node && $0.loss != nil }
    }

    /// `n1, n3 without n2 (isolated)`.
    var description: String {
        func text(_ absence: Absence) -> String {
            let how = absence.loss.map { "crashed losing \($0)" } ?? "isolated"
            return "\(Names.node(absence.node)) (\(how))"
        }
        return members.map(Names.node).joined(separator: ", ") + " without "
            + absences.map(text).joined(separator: ", ")
    }
}
