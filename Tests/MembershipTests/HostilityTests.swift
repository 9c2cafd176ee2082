// One membership that hears anything at all, in any order: nothing traps, nothing grows past its
// limit, and no belief goes back.
import MartletBase
import MartletMembership
import MartletWire
import Testing

/// Draws events of every kind about `count` nodes, true and false alike.
private struct Rumours {
    var random: SeededRandom
    let count: Int
    /// Sequence numbers seen on the wire, for answers that fit.
    var sequences: [UInt64] = []

    mutating func number() -> Int { 1 + random.below(count) }

    mutating func claim() -> Member {
        let number = number()
        return member(
            number, MemberState.allCases[random.below(3)],
            incarnation: random.chance(0.01)
                ? Member.incarnationLimit - UInt64(random.below(2)) : UInt64(random.below(6)),
            name: "n\(random.below(count))", at: random.chance(0.1) ? self.number() : number)
    }

    mutating func claims(_ limit: Int) -> [Member] {
        (0..<random.below(limit)).map { _ in claim() }
    }

    mutating func event() -> Membership.Event {
        switch random.below(11) {
        case 10: return .linkOpened(id(number()))
        case 0..<6: return .datagramReceived(datagram(), from: endpoint(number()))
        case 6:
            let view = PushPull(
                members: claims(count), wantsReply: random.chance(0.5),
                epoch: UInt64(random.below(3)))
            return .pushPullReceived(view, from: id(number()))
        case 7: return .linkFailed(id(number()))
        case 8: return .topologyNamed((0..<random.below(8)).map { _ in id(number()) })
        default: return .ticked
        }
    }

    private mutating func datagram() -> Datagram {
        let target = id(number())
        let kinds: [Datagram.Kind] = [
            .ping(target: nil), .ping(target: target), .pingRequest(target: target), .ack, .ack,
        ]
        let isAnswer = random.chance(0.5) && !sequences.isEmpty
        return Datagram(
            sender: id(number()),
            sequence: isAnswer ? sequences[random.below(sequences.count)] : random.next(),
            epoch: UInt64(random.below(3)), kind: kinds[random.below(kinds.count)],
            members: claims(8))
    }
}

@Suite("Hostile company")
struct HostilityTests {
    @Test(
        "Whatever is heard, beliefs only advance and limits hold",
        arguments: 1...6 as ClosedRange<UInt64>)
    func rumours(seed: UInt64) {
        var options = MembershipOptions()
        options.memberLimit = 20
        options.datagramByteLimit = 576
        var node = Transcript(seeds: [2, 3, 40], options: options, seed: seed)
        _ = node.handle(.started, at: 0)
        var rumours = Rumours(random: SeededRandom(seed: seed), count: 40)
        var before = node.membership.members
        var time = 0 as UInt64
        for _ in 0..<1_000 {
            time += UInt64(rumours.random.below(rumours.random.chance(0.02) ? 9_000 : 150))
            let event = rumours.event()
            let effects = node.handle(event, at: time)
            let after = node.membership.members
            expectAdvance(from: before, to: after, but: teller(of: event))
            before = after
            #expect(after.count <= options.memberLimit)
            #expect(node.membership.state(of: id(1)) == .alive)
            for effect in effects {
                switch effect {
                case .sendDatagram(let datagram, _):
                    let size = datagram.encoded(cluster: 1).count
                    #expect(size <= options.datagramByteLimit)
                    rumours.sequences.append(datagram.sequence)
                case .memberChanged(let member): #expect(member.id != id(1))
                case .sendPushPull, .meet, .forget, .epochSeen, .conflict, .nameTaken, .clockRead:
                    break
                }
            }
            rumours.sequences = rumours.sequences.suffix(50)
        }
        #expect(before.count == options.memberLimit)
    }

    /// Whose own word an event may be: it counts whatever was believed.
    private func teller(of event: Membership.Event) -> NodeID? {
        if case .pushPullReceived(_, let sender) = event { sender } else { nil }
    }

    private func expectAdvance(
        from before: [Member], to after: [Member], but teller: NodeID?
    ) {
        for old in before where old.id != teller {
            guard let new = after.first(where: { $0.id == old.id }) else {
                Issue.record("\(old.id) was forgotten")
                continue
            }
            #expect((new.incarnation, new.state) >= (old.incarnation, old.state))
        }
    }

    @Test("An incarnation that leaps is not believed, and no member is unreachable for good by one")
    func forgedIncarnation() {
        var node = Transcript(knowing: [member(2), member(3)])
        let far = member(2, .unreachable, incarnation: Member.incarnationLimit)
        _ = node.hear(.ping(target: nil), 1, from: member(9), telling: [far], at: 1)
        #expect(node.membership.state(of: id(2)) == .alive)
        // Step by step it is believed, further than a denial reaches, …
        for step in 1...3 as ClosedRange<UInt64> {
            let near = member(2, .unreachable, incarnation: 1 + step * Membership.incarnationStep)
            _ = node.hear(.ping(target: nil), 1, from: member(9), telling: [near], at: 2)
        }
        #expect(node.membership.state(of: id(2)) == .unreachable)
        let denial = member(2, incarnation: 2)
        _ = node.hear(.ping(target: nil), 1, from: denial, at: 3)
        #expect(node.membership.state(of: id(2)) == .unreachable)
        // … until the member says over its link how it is.
        let word = PushPull(members: [denial], wantsReply: false, epoch: 0)
        #expect(node.lines(.pushPullReceived(word, from: id(3)), at: 4).isEmpty)
        #expect(node.lines(.pushPullReceived(word, from: id(2)), at: 4) == ["changed n2.2"])
        // One that was away while another was suspected more often than a step hears of it so, too.
        let later = member(3, incarnation: 1 << 40)
        let news = PushPull(members: [later], wantsReply: false, epoch: 0)
        _ = node.handle(.pushPullReceived(news, from: id(3)), at: 5)
        #expect(node.membership.members[2] == later)
    }

    @Test("A claim that a node cannot deny is answered by its own word to all, not for each claim")
    func forgedClaimOfSelf() {
        var node = Transcript(knowing: [member(2), member(3)])
        let far = member(1, .unreachable, incarnation: Member.incarnationLimit)
        var words: [String] = []
        for time in 1...2_500 as ClosedRange<UInt64> {
            words += node.hear(.ping(target: nil), 1, from: member(2), telling: [far], at: time)
                .filter { $0.hasPrefix("push/pull -> ") }
        }
        let round = ["push/pull -> n2 [n1.1]", "push/pull -> n3 [n1.1]"]
        #expect(words == round + round + round)
        #expect(node.membership.local.incarnation == 1)
    }

    @Test("Made-up members fill no table, are told to nobody, and keep nobody out")
    func madeUpMembers() {
        var node = Transcript(knowing: [member(2)])
        node.linksAtOnce = false
        var met = 0
        for number in 1_000..<11_000 {
            let lines = node.hear(.ping(target: nil), 1, from: member(number, at: 9), at: 1)
            met += lines.count { $0.hasPrefix("meet") }
            #expect(
                lines.allSatisfy {
                    $0.hasPrefix("meet") || $0.hasSuffix("[n1.1]") || $0.hasSuffix("[n1.1 n2.1]")
                })
        }
        #expect(met == 64)
        #expect(node.membership.members.map(\.id) == [id(1), id(2)])
        // A node that joins meanwhile dials, and is in.
        _ = node.lines(.linkOpened(id(7)), at: 2)
        let word = PushPull(members: [member(7)], wantsReply: false, epoch: 0)
        #expect(node.lines(.pushPullReceived(word, from: id(7)), at: 2) == ["changed n7.1"])
        let forgotten = node.pass(until: 10_001).filter { $0.contains("forget") }
        #expect(forgotten.count == 64 && forgotten[0] == "10001: forget n1000")
        #expect(!node.pass(until: 30_000).contains { $0.contains("n10") })
    }

    @Test(
        "A tick is never asked for again at the same instant without end",
        arguments: 1...3 as ClosedRange<UInt64>)
    func progress(seed: UInt64) {
        var rumours = Rumours(random: SeededRandom(seed: seed), count: 12)
        var node = Transcript(seeds: [2], seed: seed)
        _ = node.handle(.started, at: 0)
        for _ in 0..<300 {
            let wakeup = node.membership.nextWakeup.nanoseconds / 1_000_000 + 1
            _ = node.handle(rumours.event(), at: wakeup)
            _ = node.handle(.ticked, at: wakeup)
            _ = node.handle(.ticked, at: wakeup)
            #expect(node.membership.nextWakeup > at(wakeup))
        }
    }
}
