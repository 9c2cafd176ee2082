// The failure detector as transcripts, with the sections of the paper (Das, Gupta and Motivala,
// DSN 2002) that each shows.
import MartletBase
import MartletMembership
import MartletWire
import Testing

@Suite("Probing")
struct ProbingTests {
    @Test("3.1: ping, ping requests, suspicion and verdict, to the millisecond")
    func failure() {
        // Node 3 is suspect, and so helps nobody; with one helper the direct ping is repeated.
        var node = Transcript(knowing: [member(2), member(3, .suspect), member(4)])
        let probe = node.lines(.linkFailed(id(4)), at: 100)
        #expect(probe == ["ping n4 #1 -> n4 [n1.1 n2.1 n3.1?]"])
        let rest = node.pass(until: 9_000)
        #expect(
            rest.filter { $0.contains(" #1 ") } == [
                "400: ping-req n4 #1 -> n2 [n1.1 n4.1 n3.1?]",
                "400: ping n4 #1 -> n4 [n1.1 n2.1 n3.1?]",
            ])
        let changes = rest.filter { $0.contains("changed n4") }
        let timeout = MembershipOptions().suspicionTimeout(groupOf: 4).milliseconds
        #expect(changes == ["1100: changed n4.1?", "\(1_100 + timeout): changed n4.1!"])
    }

    @Test("4.2: who suspects a member tells it at once, and until the suspicion is over")
    func suspectIsTold() throws {
        // Nobody helps, and one loss is enough to be suspected.
        var options = MembershipOptions()
        options.indirectProbes = 0
        options.suspicionMultiplier = 1
        var node = Transcript(knowing: [member(2), member(3), member(4)], options: options)
        _ = node.lines(.linkFailed(id(4)), at: 100)
        let told = node.pass(until: 2_200).filter {
            $0.contains("-> n4") && $0.contains("n4.1?")
        }
        #expect(told.contains { $0.hasPrefix("1100: ping n4") }, "\(told)")
        #expect(told.count == 2, "\(told)")
        // Its denial is believed in time.
        let line = try #require(told.last)
        let number = try #require(line.split(separator: "#").last?.prefix { $0.isNumber })
        let sequence = node.sequence(try #require(Int(number)))
        let answer = node.hear(.ack, sequence, from: member(4, incarnation: 2), at: 2_201)
        #expect(answer.contains("changed n4.2"))
    }

    @Test("3.1: k helpers are asked, each another, and then the direct ping is not repeated")
    func helpers() {
        var node = Transcript(knowing: (2...9).map { member($0) })
        _ = node.lines(.linkFailed(id(4)), at: 100)
        let asked = node.pass(until: 400).filter { $0.contains(" #1 ") }
        #expect(asked.count == 3)
        #expect(asked.allSatisfy { $0.hasPrefix("400: ping-req n4 #1") })
        #expect(Set(asked.map { $0.prefix(26) }).count == 3)
        #expect(!asked.contains { $0.contains("-> n4") })
    }

    @Test("3.1: an ack through a helper is an ack; a stranger's, or one not asked for, is none")
    func acksThatCount() {
        var node = Transcript(knowing: [member(2), member(3)])
        #expect(node.lines(.linkFailed(id(2)), at: 100).count == 1)
        let sequence = node.sequence(1)
        #expect(node.hear(.ack, sequence &+ 1, from: member(2), at: 101).isEmpty)
        for stranger in [3, 9] {
            let news = [member(8)]
            #expect(
                node.hear(.ack, sequence, from: member(stranger), telling: news, at: 102).isEmpty)
        }
        #expect(node.pass(until: 400).contains { $0.hasPrefix("400: ping-req n2 #1 -> n3") })
        // Now the helper was asked, and may answer; what it tells along is believed.
        let news = [member(7)]
        let answer = node.hear(.ack, sequence, from: member(3), telling: news, at: 401)
        #expect(answer == ["changed n7.1"])
        #expect(!node.pass(until: 1_200).contains { $0.contains("changed n2") })
        #expect(node.membership.state(of: id(8)) == nil)
    }

    @Test("An answer tells what the clock of whoever was asked showed: once, and not a helper's")
    func clocks() {
        var node = Transcript(knowing: [member(2), member(3)])
        _ = node.lines(.linkFailed(id(2)), at: 100)
        let sequence = node.sequence(1)
        _ = node.pass(until: 400)
        #expect(node.hear(.ack, sequence, from: member(3), wall: 7_000, at: 401) == [])
        _ = node.lines(.linkFailed(id(3)), at: 500)
        let next = node.sequence(node.sequences.count)
        #expect(
            node.hear(.ack, next, from: member(3), wall: 7_000, at: 520) == [
                "clock of n3: 7000, asked at 500"
            ])
        #expect(node.hear(.ack, next, from: member(3), wall: 9_000, at: 530) == [])
    }

    @Test("3.1: a helper pings for another and passes the answer on, once")
    func relaying() {
        var node = Transcript(knowing: [member(2), member(3)])
        let asked = node.hear(.pingRequest(target: id(3)), 77, from: member(2), at: 1)
        #expect(asked == ["ping n3 #1 -> n3 [n1.1 n2.1]"])
        #expect(node.hear(.ack, node.sequence(1), from: member(2), at: 2).isEmpty)
        let passed = node.hear(.ack, node.sequence(1), from: member(3), at: 3)
        #expect(passed == ["ack #2 -> n2 [n1.1 n3.1 n2.1]"])
        #expect(node.sequence(2) == 77)
        #expect(node.hear(.ack, node.sequence(1), from: member(3), at: 4).isEmpty)
    }

    @Test("A helper pings nobody that it does not know, and not without limit")
    func relayLimits() {
        var node = Transcript(knowing: [member(2), member(3)])
        #expect(node.hear(.pingRequest(target: id(8)), 1, from: member(2), at: 1).isEmpty)
        var pings = 0
        for sequence in 1...100 {
            pings +=
                node.hear(.pingRequest(target: id(3)), UInt64(sequence), from: member(2), at: 1)
                .count
        }
        #expect(pings == Membership.relayLimit)
    }

    @Test("4.3: each member is pinged once in each round")
    func roundRobin() throws {
        let others = (2...9).map { member($0) }
        var node = Transcript(knowing: others)
        var pinged: [String] = []
        while pinged.count < 24 {
            let time = node.membership.nextWakeup.nanoseconds / 1_000_000 + 1
            var effects: [Membership.Effect] = []
            node.membership.handle(.ticked, at: at(time), into: &effects)
            for case .sendDatagram(let ping, let endpoint) in effects {
                guard case .ping = ping.kind else { continue }
                pinged.append(endpoint.host)
                let last = try #require(Int(endpoint.host.split(separator: ".")[3]))
                _ = node.hear(.ack, ping.sequence, from: member(last), at: time)
            }
        }
        for round in 0..<3 {
            #expect(Set(pinged[(round * 8)..<(round * 8 + 8)]).count == 8)
        }
        #expect(pinged[0..<8] != pinged[8..<16])
    }

    @Test("A broken link makes its member the next to be probed, and no more than that")
    func brokenLink() {
        var node = Transcript(knowing: [member(2), member(3)])
        let probe = node.lines(.linkFailed(id(3)), at: 1)
        #expect(probe.count == 1 && probe[0].hasPrefix("ping n3 #1 -> n3"))
        #expect(node.lines(.linkFailed(id(3)), at: 2).isEmpty)
        _ = node.hear(.ack, node.sequence(1), from: member(3), at: 3)
        #expect(node.lines(.linkFailed(id(3)), at: 4).isEmpty)
        #expect(node.lines(.linkFailed(id(3)), at: 301).count == 1)
        #expect(node.lines(.linkFailed(id(9)), at: 302).isEmpty)
        #expect(node.membership.state(of: id(3)) == .alive)
    }

    @Test("A ping for another identity at this address is not answered")
    func mistakenIdentity() {
        var node = Transcript(knowing: [member(2)])
        #expect(node.hear(.ping(target: id(5)), 9, from: member(2), at: 1).isEmpty)
        #expect(node.hear(.ping(target: id(1)), 9, from: member(2), at: 1).count == 1)
        #expect(node.hear(.ping(target: nil), 9, from: member(2), at: 1).count == 1)
    }

    @Test("4.1: news is told a bounded number of times, least told first")
    func boundedGossip() {
        var node = Transcript(knowing: [member(2), member(3)])
        var told: [Int: Int] = [:]
        for round in 0..<40 {
            let acks = node.hear(.ping(target: id(1)), UInt64(round), from: member(9), at: 1)
            for line in acks where line.hasPrefix("ack") {
                for number in [2, 3] where line.contains("n\(number).1") {
                    told[number, default: 0] += 1
                }
            }
        }
        let limit = MembershipOptions().retransmitLimit(groupOf: 4)
        #expect(told == [2: limit, 3: limit])
    }

    @Test("4.1: a datagram never exceeds its limit, however much news there is")
    func datagramSize() throws {
        let strangers = (2...200).map { member($0, name: String(repeating: "x", count: 64)) }
        var node = Transcript(knowing: strangers)
        var seen: Set<NodeID> = []
        for round in 0..<200 {
            let ping = Datagram(
                sender: id(2), sequence: UInt64(round), epoch: 0, kind: .ping(target: id(1)),
                members: [strangers[0]])
            let effects = node.handle(.datagramReceived(ping, from: endpoint(2)), at: 1)
            for case .sendDatagram(let ack, _) in effects {
                #expect(ack.encoded(cluster: 1).count <= MembershipOptions().datagramByteLimit)
                seen.formUnion(ack.members.map(\.id))
            }
        }
        #expect(seen.count == 199)
    }

    @Test("A node that stood still does not hold its own absence against others")
    func ownPause() {
        var node = Transcript(knowing: [member(2), member(3)])
        _ = node.lines(.linkFailed(id(2)), at: 100)
        let late = node.lines(.ticked, at: 60_000)
        #expect(!late.contains { $0.hasPrefix("changed") })
        #expect(node.hear(.ack, node.sequence(1), from: member(2), at: 60_001).isEmpty)
        #expect(node.membership.state(of: id(2)) == .alive)
    }
}
