// Quorum counting against its definition, on every small case.
import MartletBase
import MartletVersions
import MartletWire
import Testing

@testable import MartletReplication

@Suite("Quorum tallies") struct TallyTests {
    private let acts: [Witness.Act] = [.silent, .stored, .synced, .refused]

    /// Every state of up to four replicas, some of them stand-ins, under every requirement.
    @Test("A write's verdict is what its definition says", arguments: 1...4)
    func writeVerdicts(n: Int) throws {
        for requirement in requirements(n: n) {
            for homes in 0...n {
                for state in words(of: acts, length: n) {
                    let parts = (0..<n).map { part($0, isHome: $0 < homes) }
                    var tally = WriteTally(
                        WriteQuorums(requirement), asking: parts, at: .start)
                    for (index, act) in state.enumerated() where act != .silent {
                        _ = tally.note(act, by: node(index))
                    }
                    if tally.verdict != verdict(state, homes: homes, requirement) {
                        Issue.record("\(requirement), \(homes) homes, \(state): \(tally.verdict)")
                    }
                }
            }
        }
    }

    /// Whatever the order in which replies come, the verdict is that of what was said, and once a
    /// write is met or lost it stays so.
    @Test("The order of replies does not matter, and verdicts are final", arguments: 1...4)
    func writeOrders(n: Int) throws {
        let requirement = try WriteRequirement(
            WriteOptions(), defaults: ReplicationOptions(), homeCount: n)
        for state in words(of: [Witness.Act.synced, .refused], length: n) {
            for order in permutations(n) {
                var tally = WriteTally(
                    WriteQuorums(requirement), asking: (0..<n).map { part($0, isHome: true) },
                    at: .start)
                var settled: WriteTally.Verdict?
                for index in order {
                    let once = tally.note(state[index], by: node(index))
                    let twice = tally.note(state[index], by: node(index))
                    #expect(once && !twice)
                    if let settled { #expect(tally.verdict == settled) }
                    if tally.verdict != .open { settled = tally.verdict }
                }
                #expect(tally.isSettled)
                #expect(tally.verdict == verdict(state, homes: n, requirement))
            }
        }
    }

    @Test(
        "A read is met when r replicas and pr homes have answered, in any order", arguments: 1...4)
    func readQuorums(n: Int) throws {
        for r in 1...n {
            for pr in 0...r {
                var options = ReadOptions()
                options.r = .count(r)
                options.pr = .count(pr)
                let requirement = try ReadRequirement(
                    options, defaults: ReplicationOptions(), homeCount: n)
                for state in words(of: [true, false], length: n) {
                    for homes in 0...n {
                        var tally = ReadTally(requirement: requirement)
                        for index in 0..<n {
                            tally.ask(part(index, isHome: index < homes), at: .start)
                        }
                        for (index, answers) in state.enumerated() {
                            let reply: ReadTally.Reply =
                                answers ? .object(Object()) : .refused(.overloaded)
                            _ = tally.note(reply, by: node(index))
                        }
                        let answered = state.count { $0 }
                        let homesAnswered = state[..<homes].count { $0 }
                        #expect(tally.isMet == (answered >= r && homesAnswered >= pr))
                    }
                }
            }
        }
    }

    /// Replica 0 has replaced `a` by `b`, replica 1 has gone on and dropped `b`; replica 2 still
    /// holds `a`. The summary of 0 can be merged only once that of 1 has been, whatever the order.
    @Test("Summaries that complete each other are merged whole", arguments: 0..<6)
    func summaries(order: Int) throws {
        var options = ReadOptions()
        options.r = .count(3)
        let requirement = try ReadRequirement(
            options, defaults: ReplicationOptions(), homeCount: 3)
        let old = Object.one("a", by: 1)
        let middle = Object.one("b", by: 2, seen: old.context)
        let later = Context(covering: middle.dots)
        var tally = ReadTally(requirement: requirement)
        for index in 0..<3 { tally.ask(part(index, isHome: true), at: .start) }
        let replies: [ReadTally.Reply] = [
            .summary(middle.context, middle.dots), .summary(later, []), .object(old),
        ]
        for index in permutations(3)[order] { _ = tally.note(replies[index], by: node(index)) }
        #expect(tally.isMet)
        #expect(tally.merged.siblings.isEmpty, "both values have been seen and replaced")
    }

    @Test(
        "A version that one home has removed is not shown, whoever still has it, in any order",
        arguments: 0..<6)
    func removedVersions(order: Int) throws {
        let requirement = try ReadRequirement(
            ReadOptions(), defaults: ReplicationOptions(), homeCount: 3)
        let old = Object.one("old", by: 1)
        let new = Object.one("new", by: 2, at: WallTime(milliseconds: 1_800_000_000_000))
        var both = old
        both.merge(new)
        let time = old.context.horizon
        let before = HybridTimestamp(bits: time.bits - 1)
        // What a home holds that says how far it has settled, and what is left of both versions.
        let cases: [(held: Object, watermark: HybridTimestamp, shown: [Dot])] = [
            (Object(), time, new.dots), (Object(), before, both.dots),
            (old, time, both.dots), (new, time, new.dots), (new, before, both.dots),
            (Object(), HybridTimestamp(bits: 0), both.dots),
        ]
        for (held, watermark, shown) in cases {
            var tally = ReadTally(requirement: requirement)
            for index in 0..<3 { tally.ask(part(index, isHome: true), at: .start) }
            for index in permutations(3)[order] {
                let isJudge = index == 1
                _ = tally.note(
                    .object(isJudge ? held : both), by: node(index),
                    settled: isJudge ? watermark : HybridTimestamp(bits: 0))
            }
            #expect(tally.merged.dots == shown, "\(held) at \(watermark.bits)")
        }
    }

    @Test("A home that has pruned its context is not behind one that has not")
    func pruned() throws {
        let requirement = try ReadRequirement(
            ReadOptions(), defaults: ReplicationOptions(), homeCount: 2)
        var two = Object.one("a", by: 1)
        two.record(
            Sibling(
                dot: Dot(actor: .of(2), counter: 1), timestamp: two.context.horizon,
                content: .tombstone), seen: two.context)
        var short = two
        short.pruneSettled(two.context.horizon)
        #expect(short.context != two.context)
        for replies in [[two, short], [short, two]] {
            var tally = ReadTally(requirement: requirement)
            for index in 0..<2 { tally.ask(part(index, isHome: true), at: .start) }
            for index in 0..<2 { _ = tally.note(.object(replies[index]), by: node(index)) }
            #expect(tally.isMet && tally.behind == [] && tally.merged.dots == two.dots)
        }
    }

    @Test("Acknowledgements of nodes that were not asked count for nothing")
    func strangers() throws {
        let requirement = try WriteRequirement(
            WriteOptions(), defaults: ReplicationOptions(), homeCount: 3)
        var tally = WriteTally(
            WriteQuorums(requirement), asking: [part(0, isHome: true)], at: .start)
        let isNoted = tally.note(.synced, by: node(9))
        #expect(!isNoted)
        #expect(tally.storedCount == 0)
    }

    @Test("What is stored may yet be synced, and never becomes less")
    func progress() throws {
        let requirement = try WriteRequirement(
            WriteOptions(), defaults: ReplicationOptions(), homeCount: 1)
        var tally = WriteTally(
            WriteQuorums(requirement), asking: [part(0, isHome: true)], at: .start)
        let noted = [Witness.Act.refused, .stored, .refused, .synced, .stored, .refused].map {
            tally.note($0, by: node(0))
        }
        #expect(noted == [true, true, false, true, false, false])
        #expect(tally.verdict == .met)
    }

    // MARK: The definition

    private func verdict(
        _ state: [Witness.Act], homes: Int, _ requirement: WriteRequirement
    ) -> WriteTally.Verdict {
        func met(_ state: [Witness.Act]) -> Bool {
            state.count { $0 == .stored || $0 == .synced } >= requirement.w
                && state[..<homes].count { $0 == .stored || $0 == .synced } >= requirement.pw
                && state.count { $0 == .synced } >= requirement.dw
        }
        if met(state) { return .met }
        let atBest = state.map { $0 == .refused ? Witness.Act.refused : .synced }
        return met(atBest) ? .open : .lost
    }

    private func requirements(n: Int) -> [WriteRequirement] {
        var all: [WriteRequirement] = []
        for w in 1...n {
            for pw in 0...n {
                for dw in 0...n {
                    var options = WriteOptions()
                    options.w = .count(w)
                    options.pw = .count(pw)
                    options.dw = .count(dw)
                    let requirement = try? WriteRequirement(
                        options, defaults: ReplicationOptions(), homeCount: n)
                    if let requirement { all.append(requirement) }
                }
            }
        }
        return all
    }

    private func node(_ index: Int) -> NodeID { NodeID(rawValue: UInt64(index + 1)) }

    private func part(_ index: Int, isHome: Bool) -> Part {
        Part(node: node(index), standsInFor: isHome ? nil : NodeID(rawValue: 100))
    }

    private func words<Letter>(of letters: [Letter], length: Int) -> [[Letter]] {
        if length == 0 { return [[]] }
        return words(of: letters, length: length - 1).flatMap { word in
            letters.map { word + [$0] }
        }
    }

    private func permutations(_ count: Int) -> [[Int]] {
        if count == 0 { return [[]] }
        return permutations(count - 1).flatMap { order in
            (0..<count).map { index in
                var longer = order
                longer.insert(count - 1, at: index)
                return longer
            }
        }
    }
}

@Suite("Adaptive windows") struct AdaptiveWindowTests {
    @Test("Patience follows how long answers take, within its limits")
    func patience() {
        var window = AdaptiveWindow(ReplicationOptions())
        #expect(window.patience == .seconds(2))
        window.observe(.seconds(5))
        #expect(window.patience == .seconds(20))
        for _ in 0..<10 { window.overdue() }
        #expect(window.patience == .seconds(60))
        for _ in 0..<100 { window.observe(.milliseconds(1)) }
        #expect(window.patience == .seconds(2))
    }
}
