// What a node believes after a claim, and what it says when the claim is about itself.
import MartletBase
import MartletMembership
import MartletWire
import Testing

@Suite("Beliefs")
struct BeliefTests {
    @Test("4.2: the higher incarnation counts, then the graver state, for every pair of claims")
    func precedence() {
        for old in MemberState.believed {
            for oldIncarnation in 1...3 as ClosedRange<UInt64> {
                for new in MemberState.believed {
                    for newIncarnation in 1...3 as ClosedRange<UInt64> {
                        let first = member(3, old, incarnation: oldIncarnation)
                        let second = member(3, new, incarnation: newIncarnation)
                        var node = Transcript(knowing: [member(2)])
                        _ = node.hear(
                            .ping(target: nil), 1, from: member(2), telling: [first], at: 1)
                        _ = node.hear(
                            .ping(target: nil), 2, from: member(2), telling: [second], at: 2)
                        let isNews =
                            newIncarnation > oldIncarnation
                            || newIncarnation == oldIncarnation && new > old
                        #expect(node.membership.members[2] == (isNews ? second : first))
                    }
                }
            }
        }
    }

    @Test("4.2: claims end in the same belief in whatever order they come")
    func orderDoesNotMatter() {
        var random = SeededRandom(seed: 4)
        for _ in 0..<200 {
            var claims = (0..<5).map { _ in
                member(
                    3, MemberState.allCases[random.below(3)],
                    incarnation: UInt64(random.below(4)))
            }
            var ends: [Member] = []
            for _ in 0..<2 {
                var node = Transcript(knowing: [member(2)])
                _ = node.hear(.ping(target: nil), 1, from: member(2), telling: claims, at: 1)
                ends.append(node.membership.members[2])
                claims.shuffle(using: &random)
            }
            #expect(ends[0] == ends[1])
        }
    }

    @Test("4.2: a suspect that denies it in time stays; the suspicion does not return by itself")
    func refutationInTime() {
        var node = Transcript(knowing: [member(2), member(3)])
        let suspected = node.hear(
            .ping(target: nil), 1, from: member(2), telling: [member(3, .suspect)], at: 1)
        #expect(suspected.first == "changed n3.1?")
        let denied = node.hear(
            .ping(target: nil), 2, from: member(3, incarnation: 2), at: 3_900)
        #expect(denied.first == "changed n3.2")
        #expect(!node.pass(until: 4_100).contains { $0.contains("changed n3.2!") })
    }

    @Test("4.2: one that does not is unreachable after the timeout of its group, not before")
    func suspicionTimeout() {
        var node = Transcript(knowing: [member(2), member(3)])
        _ = node.hear(
            .ping(target: nil), 1, from: member(2), telling: [member(3, .suspect)], at: 1)
        #expect(
            !node.pass(until: 4_000).contains { $0.contains("n3.1!") && $0.contains("changed") })
        #expect(node.pass(until: 4_001).contains("4001: changed n3.1!"))
        #expect(MembershipOptions().suspicionTimeout(groupOf: 3) == .seconds(4))
    }

    @Test("4.2: a node denies what is said of it, in the very answer, and only if it is news")
    func refutation() {
        var node = Transcript(knowing: [member(2)])
        let accused = node.hear(
            .ping(target: id(1)), 1, from: member(2), telling: [member(1, .suspect)], at: 1)
        #expect(accused == ["ack #1 -> n2 [n1.2]"])
        let again = node.hear(
            .ping(target: id(1)), 2, from: member(2), telling: [member(1, .unreachable)], at: 2)
        #expect(again == ["ack #2 -> n2 [n1.2]"])
        let dead = node.hear(
            .ping(target: id(1)), 3, from: member(2),
            telling: [member(1, .unreachable, incarnation: 6)], at: 3)
        #expect(dead == ["ack #3 -> n2 [n1.7]"])
        #expect(node.membership.state(of: id(1)) == .alive)
    }

    @Test("An incarnation that cannot be outdone is not believed to the end of numbers")
    func lastIncarnation() {
        var node = Transcript(knowing: [member(2)])
        let last = member(1, .suspect, incarnation: Member.incarnationLimit)
        _ = node.hear(.ping(target: id(1)), 1, from: member(2), telling: [last], at: 1)
        #expect(node.membership.local.incarnation == 1)
    }

    @Test("A suspect hears of it in every ping, and a node that forgot itself in every ack")
    func tellingTheAccused() {
        var node = Transcript(knowing: [member(2), member(3, .suspect, incarnation: 4)])
        let probe = node.lines(.linkFailed(id(3)), at: 1)
        #expect(probe == ["ping n3 #1 -> n3 [n1.1 n3.4? n2.1]"])
        let restarted = node.hear(.ping(target: nil), 9, from: member(3), at: 2)
        #expect(restarted == ["ack #2 -> n3 [n1.1 n3.4? n2.1]"])
    }

    @Test("A higher incarnation carries a new address")
    func movedMember() {
        var node = Transcript(knowing: [member(2)])
        let moved = member(2, incarnation: 2, at: 8)
        #expect(node.hear(.ping(target: nil), 1, from: moved, at: 1).first == "changed n2.2")
        #expect(node.membership.members[1].peerEndpoint == endpoint(8))
        let claim = member(2, .suspect, incarnation: 2)
        _ = node.hear(.ping(target: nil), 1, from: member(3), telling: [claim], at: 2)
        #expect(node.membership.members[1].peerEndpoint == endpoint(8))
        #expect(node.membership.state(of: id(2)) == .suspect)
    }

    @Test("Another process under this identity is reported, at most once in an interval")
    func twin() {
        var node = Transcript(knowing: [member(2)])
        let twin = member(1, incarnation: 5, at: 9)
        // At first it may be a former life's record.
        let early = node.hear(
            .ping(target: id(1)), 1, from: member(2), telling: [twin], at: 9_999)
        #expect(early == ["ack #1 -> n2 [n1.6]"])
        var reports: [UInt64] = []
        for second in 10...40 as ClosedRange<UInt64> {
            let claim = member(1, incarnation: 100 + second, at: 9)
            let lines = node.hear(
                .ping(target: nil), second, from: member(2), telling: [claim], at: second * 1_000)
            if lines.contains(where: { $0.contains("10.0.0.9:7401") }) { reports.append(second) }
        }
        #expect(reports == [10, 20, 30, 40])
        let direct = node.hear(.ping(target: nil), 99, from: member(1, at: 9), at: 55_000)
        #expect(direct.count == 1 && direct[0].hasPrefix("conflict: another node runs"))
    }

    @Test("Two live members of one name are reported; a dead one's name may be taken")
    func namesakes() {
        var node = Transcript(knowing: [member(2)])
        let second = node.hear(.ping(target: nil), 1, from: member(3, name: "n2"), at: 1)
        #expect(second[0] == "changed n3.1")
        #expect(second[1].hasPrefix("conflict: two live nodes are named n2"))
        let own = node.hear(.ping(target: nil), 2, from: member(4, name: "n1"), at: 1)
        #expect(own[1].hasPrefix("conflict: two live nodes are named n1"))

        var other = Transcript(knowing: [member(2)])
        _ = other.hear(
            .ping(target: nil), 1, from: member(5), telling: [member(2, .unreachable)], at: 1)
        let heir = other.hear(.ping(target: nil), 2, from: member(3, name: "n2"), at: 1)
        #expect(heir.count == 2 && heir[0] == "changed n3.1")
    }

    @Test("Strangers cannot lock out members that the topology names")
    func memberLimit() {
        var options = MembershipOptions()
        options.memberLimit = 10
        var node = Transcript(knowing: [member(2)], options: options)
        #expect(node.lines(.topologyNamed([id(1), id(2), id(50), id(51)]), at: 1).isEmpty)
        for number in 3...30 {
            _ = node.hear(.ping(target: nil), 1, from: member(number), at: 2)
        }
        #expect(node.membership.members.count == 8)
        for number in [50, 51, 52] {
            _ = node.hear(.ping(target: nil), 1, from: member(number), at: 3)
        }
        #expect(node.membership.members.count == 10)
        #expect(node.membership.state(of: id(51)) == .alive)
        #expect(node.membership.state(of: id(52)) == nil)
    }

    @Test("An epoch other than ours is reported once in a period")
    func epochs() {
        var node = Transcript(knowing: [member(2)])
        node.membership.epoch = 3
        func epochs(_ lines: [String]) -> [String] { lines.filter { $0.hasPrefix("epoch") } }
        let first = node.hear(.ping(target: nil), 1, from: member(2), epoch: 4, at: 10)
        #expect(epochs(first) == ["epoch 4 at n2"])
        #expect(
            epochs(node.hear(.ping(target: nil), 1, from: member(2), epoch: 4, at: 900)).isEmpty)
        #expect(
            epochs(node.hear(.ping(target: nil), 1, from: member(2), epoch: 5, at: 1_009)).isEmpty)
        let next = node.hear(.ping(target: nil), 1, from: member(2), epoch: 5, at: 1_010)
        #expect(epochs(next) == ["epoch 5 at n2"])
        #expect(
            epochs(node.hear(.ping(target: nil), 1, from: member(2), epoch: 3, at: 9_000)).isEmpty)
    }
}
