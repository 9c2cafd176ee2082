// Seeds, full exchanges and reaching out, as transcripts.
import MartletBase
import MartletMembership
import MartletWire
import Testing

@Suite("Joining")
struct JoiningTests {
    @Test("A new node pings its seeds, and exchanges everything with the one that answers")
    func firstContact() {
        var node = Transcript(seeds: [2, 3, 1])
        let hello = node.lines(.started, at: 0)
        #expect(hello == ["ping anyone #1 -> n2 [n1.1]", "ping anyone #2 -> n3 [n1.1]"])
        let answer = node.hear(.ack, node.sequence(2), from: member(3), at: 5)
        #expect(answer == ["changed n3.1", "push/pull? -> n3 [n1.1 n3.1]"])
        let view = PushPull(
            members: [member(1), member(3), member(4)], wantsReply: false, epoch: 0)
        #expect(node.lines(.pushPullReceived(view, from: id(3)), at: 6) == ["changed n4.1"])
        // The other seed answers too, and is no longer news enough for an exchange of everything.
        let late = node.hear(.ack, node.sequence(1), from: member(4), at: 7)
        #expect(late.isEmpty)
    }

    @Test("A seed knows the newcomer from its ping, and answers its exchange")
    func seedSide() {
        var seed = Transcript()
        _ = seed.lines(.started, at: 0)
        let hello = seed.hear(.ping(target: nil), 40, from: member(2), at: 1)
        #expect(
            hello == ["changed n2.1", "push/pull? -> n2 [n1.1 n2.1]", "ack #1 -> n2 [n1.1]"])
        let view = PushPull(members: [member(2), member(3)], wantsReply: true, epoch: 0)
        let answer = seed.lines(.pushPullReceived(view, from: id(2)), at: 2)
        #expect(answer == ["changed n3.1", "push/pull -> n2 [n1.1 n2.1]"])
    }

    @Test(
        "Whoever is told of is linked to first; over the link everything is exchanged, then words")
    func meeting() {
        var node = Transcript(seeds: [2])
        node.linksAtOnce = false
        _ = node.lines(.started, at: 0)
        let answer = node.hear(
            .ack, node.sequence(1), from: member(2), telling: [member(3)], at: 5)
        #expect(answer == ["meet n2.1", "meet n3.1"])
        #expect(node.membership.members.map(\.id) == [id(1)])
        #expect(
            node.lines(.linkOpened(id(2)), at: 6) == [
                "changed n2.1", "push/pull? -> n2 [n1.1 n2.1]",
            ])
        let view = PushPull(members: [member(1), member(2)], wantsReply: false, epoch: 0)
        #expect(node.lines(.pushPullReceived(view, from: id(2)), at: 7).isEmpty)
        #expect(
            node.lines(.linkOpened(id(3)), at: 8) == ["changed n3.1", "push/pull -> n3 [n1.1]"])
        // Whoever dials is known by its own word.
        #expect(node.lines(.linkOpened(id(4)), at: 9) == ["push/pull -> n4 [n1.1]"])
        let word = PushPull(members: [member(4)], wantsReply: false, epoch: 0)
        #expect(node.lines(.pushPullReceived(word, from: id(4)), at: 9) == ["changed n4.1"])
    }

    @Test("Without an answer the seeds are pinged every period")
    func persistence() {
        var node = Transcript(seeds: [2, 3])
        _ = node.lines(.started, at: 0)
        let lines = node.pass(until: 2_000)
        #expect(
            lines == [
                "1000: ping anyone #3 -> n2 [n1.1]", "1000: ping anyone #4 -> n3 [n1.1]",
                "2000: ping anyone #5 -> n2 [n1.1]", "2000: ping anyone #6 -> n3 [n1.1]",
            ])
    }

    @Test("A seed that leads back to this node is pinged no more")
    func ownSeed() throws {
        var node = Transcript(seeds: [7])
        let effects = node.handle(.started, at: 0)
        guard case .sendDatagram(let ping, _)? = effects.first else {
            Issue.record("no ping")
            return
        }
        #expect(node.lines(.datagramReceived(ping, from: endpoint(7)), at: 1).isEmpty)
        #expect(node.pass(until: 10_000).isEmpty)
    }

    @Test("What another holds for unreachable is only suspected, and denied when it is this node")
    func exchangeOfVerdicts() {
        var node = Transcript(knowing: [member(2), member(3)])
        let view = PushPull(
            members: [member(1, .unreachable), member(2), member(3, .unreachable)],
            wantsReply: true, epoch: 0)
        let lines = node.lines(.pushPullReceived(view, from: id(2)), at: 1)
        #expect(lines == ["changed n3.1?", "push/pull -> n2 [n1.2 n2.1 n3.1?]"])
    }

    @Test(
        "An unreachable member is pinged for ever, hears its state, and is alive once it denies it")
    func reachingOut() {
        var node = Transcript(knowing: [member(2), member(3)])
        _ = node.hear(
            .ping(target: nil), 1, from: member(2), telling: [member(3, .unreachable)], at: 1)
        let day = 86_400_000 as UInt64
        var last: [String] = []
        for hour in 1...24 as ClosedRange<UInt64> {
            // A clock that leaps is a pause, not a verdict: let each hour's last minute pass.
            _ = node.lines(.ticked, at: hour * day / 24 - 60_000)
            last = node.pass(until: hour * day / 24)
        }
        let pings = last.filter { $0.contains("ping n3 #") }
        // Nobody else answers either: a node alone reaches out in every period.
        #expect((59...61).contains(pings.count), "\(pings.count) pings in a minute")
        #expect(pings.allSatisfy { $0.contains("[n1.1 n3.1!") })
        let number = node.sequences.count
        var answer: [String] = []
        for index in (1...number).reversed() where answer.isEmpty {
            answer = node.hear(
                .ack, node.sequence(index), from: member(3, incarnation: 2), at: day)
        }
        #expect(answer.first == "changed n3.2")
        #expect(answer.last?.hasPrefix("push/pull? -> n3") == true)
    }

    @Test("Alive members exchange everything at the interval")
    func periodicExchange() {
        var options = MembershipOptions()
        options.pushPullInterval = .seconds(5)
        var node = Transcript(knowing: [member(2)], options: options)
        var exchanges: [String] = []
        for _ in 0..<200 {
            let time = node.membership.nextWakeup.nanoseconds / 1_000_000 + 1
            for effect in node.handle(.ticked, at: time) {
                switch effect {
                case .sendDatagram(let ping, _):
                    _ = node.hear(.ack, ping.sequence, from: member(2), at: time)
                case .sendPushPull: exchanges.append("\(time / 5_000)")
                default: break
                }
            }
        }
        #expect(exchanges.count > 10)
        #expect(Set(exchanges).count == exchanges.count)
    }

    @Test("Members come by id, this node among them")
    func listing() {
        let node = Transcript(knowing: [member(2), member(7), member(3)].sorted { $0.id < $1.id })
        #expect(node.membership.members.map(\.id) == [id(1), id(2), id(3), id(7)])
        #expect(node.membership.state(of: id(1)) == .alive)
        #expect(node.membership.state(of: id(4)) == nil)
    }

    @Test("Options out of range say which")
    func options() {
        #expect(MembershipOptions().defect == nil)
        var options = MembershipOptions()
        options.directTimeout = .seconds(1)
        #expect(options.defect == "directTimeout")
        options = MembershipOptions()
        options.memberLimit = 5_000
        #expect(options.defect == "memberLimit")
    }
}
