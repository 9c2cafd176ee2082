// Members that an operator has forgotten, and names that the ring has given away.
import MartletBase
import MartletMembership
import MartletWire
import Testing

@Suite("Forgetting")
struct ForgettingTests {
    /// Node 1, which the ring names with node 2, and which holds node 3 for unreachable.
    private func transcript() -> Transcript {
        var node = Transcript(knowing: [member(2), member(3, .suspect)])
        _ = node.handle(.topologyNamed([id(1), id(2)]), at: 0)
        node.membership.ringNames = [(id(1), "n1"), (id(2), "n2")]
        _ = node.hear(
            .ping(target: nil), 1, from: member(2), telling: [member(3, .unreachable)], at: 1)
        return node
    }

    private func forget(
        _ number: Int, _ node: inout Transcript, at time: UInt64
    ) -> (refusal: Membership.ForgetRefusal?, changed: [Member]) {
        var effects: [Membership.Effect] = []
        let refusal = node.membership.forget(id(number), at: at(time), into: &effects)
        node.membership.checkInvariants()
        let changed = effects.compactMap { effect -> Member? in
            if case .memberChanged(let member) = effect { member } else { nil }
        }
        return (refusal, changed)
    }

    private func known(_ node: Transcript) -> [NodeID] { node.membership.members.map(\.id) }

    @Test("Only a stranger that is unreachable is forgotten")
    func refusals() {
        var node = transcript()
        #expect(forget(1, &node, at: 2).refusal == .local)
        #expect(forget(9, &node, at: 2).refusal == .unknown)
        #expect(forget(2, &node, at: 2).refusal == .named)
        _ = node.hear(.ping(target: nil), 2, from: member(4), at: 3)
        #expect(forget(4, &node, at: 4).refusal == .answers(.alive))
        let done = forget(3, &node, at: 5)
        #expect(done.refusal == nil && done.changed == [member(3, .forgotten)])
        #expect(known(node) == [id(1), id(2), id(4)])
        #expect(node.membership.state(of: id(3)) == .unreachable)
        #expect(forget(3, &node, at: 6).refusal == .unknown)
    }

    @Test("What others still say of a forgotten member does not bring it back; it itself does")
    func staysForgotten() {
        var node = transcript()
        _ = forget(3, &node, at: 2)
        let claims: [MemberState] = [.alive, .suspect, .unreachable]
        for (index, state) in claims.enumerated() {
            _ = node.hear(
                .ping(target: nil), UInt64(10 + index), from: member(2),
                telling: [member(3, state)], at: 3)
            #expect(known(node) == [id(1), id(2)])
        }
        let lines = node.hear(.ping(target: nil), 20, from: member(3, incarnation: 2), at: 4)
        #expect(lines.first == "changed n3.2")
        #expect(known(node) == [id(1), id(2), id(3)])
    }

    @Test("The word is told on, and taken from others of those alone who are gone")
    func spreads() {
        var teller = transcript()
        _ = forget(3, &teller, at: 2)
        let told = teller.hear(.ping(target: nil), 5, from: member(2), at: 3)
        #expect(told.contains { $0.contains("n3.1†") }, "\(told)")
        var node = transcript()
        for claim in [member(2, .forgotten), member(1, .forgotten), member(7, .forgotten)] {
            _ = node.hear(.ping(target: nil), 6, from: member(4), telling: [claim], at: 4)
            #expect(known(node) == [id(1), id(2), id(3), id(4)])
        }
        _ = node.hear(
            .ping(target: nil), 7, from: member(2), telling: [member(3, .forgotten)], at: 5)
        #expect(known(node) == [id(1), id(2), id(4)])
    }

    @Test("After an hour nothing is left of it, and nothing that was remembered brings it back")
    func memoryEnds() {
        var node = transcript()
        _ = forget(3, &node, at: 2)
        _ = node.pass(until: 3_602_000)
        #expect(node.membership.state(of: id(3)) == nil)
        _ = node.hear(
            .ping(target: nil), 8, from: member(2, incarnation: 9),
            telling: [member(3, .forgotten)], at: 3_602_001)
        #expect(node.membership.state(of: id(3)) == nil)
    }

    @Test("A stranger under a name of the ring is told whose it is, and does not become a member")
    func takenName() {
        var node = transcript()
        let stranger = member(8, name: "n2", at: 8)
        #expect(
            node.hear(.ping(target: nil), 77, from: stranger, at: 5) == [
                "name taken by n2 #2 -> n8 []"
            ])
        _ = node.hear(.ping(target: nil), 78, from: member(2), telling: [stranger], at: 6)
        let view = PushPull(members: [stranger], wantsReply: true, epoch: 0)
        #expect(node.lines(.pushPullReceived(view, from: id(8)), at: 7) == [])
        #expect(known(node) == [id(1), id(2), id(3)])
    }

    @Test("Who is told so learns it from those alone whom it has asked")
    func denied() {
        var node = Transcript(seeds: [2])
        let lines = node.lines(.started, at: 0)
        #expect(lines.first?.hasPrefix("ping anyone #1 -> n2") == true, "\(lines)")
        func denial(_ sequence: UInt64) -> Membership.Event {
            .datagramReceived(
                Datagram(
                    sender: id(2), sequence: sequence, epoch: 1, kind: .nameTaken(by: id(5)),
                    members: []), from: endpoint(2))
        }
        #expect(node.lines(denial(node.sequence(1) &+ 1), at: 1) == [])
        #expect(node.lines(denial(node.sequence(1)), at: 1) == ["name taken by n5"])
    }

    @Test("A ping of its own that comes back to it is no other node with its identity")
    func ownPing() {
        var node = Transcript(knowing: [member(2), member(3, at: 1)])
        let sent = (node.pass(until: 3_000)).filter { $0.contains("ping n3") }
        #expect(!sent.isEmpty)
        for sequence in node.sequences + [12_345] {
            let lines = node.hear(.ping(target: id(3)), sequence, from: member(1), at: 30_000)
            #expect(lines.allSatisfy { !$0.contains("identity") }, "\(lines)")
        }
        let twin = node.hear(.ping(target: nil), 99, from: member(1, at: 6), at: 30_000)
        #expect(twin.contains { $0.contains("another node runs with this node's identity") })
    }
}
