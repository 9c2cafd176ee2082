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
        switch random.below(10) {
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
            let effects = node.handle(rumours.event(), at: time)
            let after = node.membership.members
            expectAdvance(from: before, to: after)
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
                case .sendPushPull, .epochSeen, .conflict, .nameTaken: break
                }
            }
            rumours.sequences = rumours.sequences.suffix(50)
        }
        #expect(before.count == options.memberLimit)
    }

    private func expectAdvance(from before: [Member], to after: [Member]) {
        for old in before {
            guard let new = after.first(where: { $0.id == old.id }) else {
                Issue.record("\(old.id) was forgotten")
                continue
            }
            #expect((new.incarnation, new.state) >= (old.incarnation, old.state))
        }
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
