// Long random histories of a ring that changes: one ring for each epoch, operators told the truth,
// and an end to every change once the cluster is healed.
import MartletBase
import MartletConsensus
import MartletRing
import Testing

@Suite("Random histories")
struct WalkTests {
    @Test("Every epoch has one ring, and every operator is told what became of his change")
    func histories() {
        var marks: Set<ConsensusMark> = []
        var epochs = 0
        var ends: [String: Int] = [:]
        for seed in 0..<1_000 as Range<UInt64> {
            var cluster = Cluster(seed: seed)
            for _ in 0..<3_000 { cluster.step() }
            cluster.heal()
            cluster.settle()
            cluster.heal()
            // What was left open is completed by the first of these at the latest.
            let wanted = (0..<3).map { _ in
                let members = cluster.history[cluster.history.count - 1].members
                let number = cluster.propose(at: Int(members[0].id.rawValue) - 1)
                cluster.settle()
                cluster.heal()
                return number
            }
            #expect(cluster.complaints == [], "seed \(seed)")
            if let last = wanted[2] {
                #expect(cluster.changes[last].outcome == .decided, "seed \(seed)")
            }
            for (number, change) in cluster.changes.enumerated() {
                expectTruth(of: change, cluster.history, "seed \(seed), #\(number)")
                let text = change.outcome.map { "\($0)".prefix { $0 != "(" } } ?? "none"
                ends["\(text)", default: 0] += 1
            }
            epochs += cluster.history.count
            marks.formUnion(ConsensusMark.allCases.filter { cluster.marks.contains($0) })
        }
        #expect(epochs > 3_000, "\(ends)")
        #expect(ends.count == 8, "\(ends)")
        let missing = Set(ConsensusMark.allCases).subtracting(marks)
        // Nodes that follow the protocol, on disks that keep what is synced, never come there.
        #expect(missing == [.decreeMisfit, .stranger, .roundsExhausted, .recordAhead])
    }

    private func expectTruth(of change: Cluster.Change, _ history: [Topology], _ place: String) {
        let epoch = Int(change.wanted.epoch)
        let isDecided = epoch <= history.count && history[epoch - 1] == change.wanted
        switch change.outcome {
        case .decided: #expect(isDecided, "\(place)")
        case .overtaken, .noMajority, .contended, .busy, .notMember:
            #expect(!isDecided, "\(place)")
        case .unknown, nil: break
        }
    }
}
