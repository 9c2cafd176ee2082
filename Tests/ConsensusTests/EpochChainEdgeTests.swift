// What a node answers at the edges of an epoch: to proposals that cannot be, to nodes that are
// behind or ahead or strangers, without a vote, and when it runs out of time or ballots.
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire
import Testing

@Suite("The edges of an epoch")
struct EpochChainEdgeTests {
    private func change(_ weight: UInt32, epoch: UInt64 = 2) -> Topology {
        ring(3, epoch: epoch, weight: weight)
    }

    private func message(
        _ step: DecreeMessage.Step, epoch: UInt64 = 1, round: UInt64 = 1, of proposer: Int = 1
    ) -> DecreeMessage {
        DecreeMessage(
            epoch: epoch, ballot: Ballot(round: round, proposer: id(proposer)), step)
    }

    @Test("Proposals that cannot be are answered at once")
    func refusedProposals() {
        var nodes = Transcript(3)
        nodes.propose(change(5, epoch: 1), as: 1, by: 1)
        nodes.propose(change(5, epoch: 3), as: 2, by: 1)
        nodes.propose(ring(3, epoch: 2, clusterID: 8), as: 3, by: 1)
        #expect(nodes.take() == ["n1: #1 overtaken", "n1: #2 overtaken", "n1: #3 overtaken"])
        nodes.propose(change(5), as: 4, by: 1)
        nodes.propose(change(6), as: 5, by: 1)
        #expect(nodes.take().last == "n1: #5 busy")
        nodes.adopt(ring(of: [1, 2], epoch: 2), at: 3)
        nodes.propose(change(5, epoch: 3), as: 6, by: 3)
        #expect(nodes.take() == ["n3: #6 notMember"])
    }

    @Test("Who is behind is offered the ring, who is ahead is asked for his")
    func otherEpochs() {
        var nodes = Transcript(3)
        nodes.adopt(change(5), at: 1)
        nodes.receive(message(.prepare, of: 2), from: 2, at: 1)
        #expect(nodes.take() == ["n1: offer ring to n2"])
        #expect(nodes.rings[1].epoch == 2)
        nodes.receive(message(.prepare, epoch: 2), from: 1, at: 3)
        #expect(nodes.take() == ["n3: ask ring of n1"])
        #expect(nodes.rings[2].epoch == 2)
        #expect(nodes.chains[0].marks.contains(.senderBehind))
        #expect(nodes.chains[2].marks.contains(.senderAhead))
    }

    @Test("A node without a ring asks for it")
    func noRing() {
        var chain = EpochChain(
            local: id(1), name: id(1), random: SeededRandom(seed: 1), record: nil)
        var effects: [EpochChain.Effect] = []
        chain.messageReceived(message(.prepare, of: 2), from: id(2), at: .start, into: &effects)
        chain.messageReceived(
            message(.prepare, epoch: 0, of: 2), from: id(2), at: .start, into: &effects)
        chain.propose(change(5), as: ProposalID(rawValue: 1), at: .start, into: &effects)
        chain.checkInvariants()
        #expect(effects.map(words) == ["ask ring of n2", "#1 notMember"])
    }

    @Test(
        "A ring that does not follow the present one is not accepted",
        arguments: [
            ring(3, epoch: 3), ring(3, epoch: 1), ring(3, epoch: 2, clusterID: 8),
            ring(3, epoch: 2, cluster: "delichon"), ring(3, epoch: 2, secretSeed: 2),
        ])
    func misfits(topology: Topology) {
        var nodes = Transcript(3)
        nodes.receive(message(.accept(topology)), from: 1, at: 2)
        #expect(nodes.take() == [])
        #expect(nodes.chains[1].record == AcceptorRecord(epoch: 1))
        #expect(nodes.chains[1].marks.contains(.decreeMisfit))
        // Nor is one that another claims to have accepted.
        nodes.propose(change(5), as: 1, by: 1)
        _ = nodes.take()
        let claimed = AcceptedDecree(
            ballot: Ballot(round: 0, proposer: id(2)), topology: topology)
        nodes.receive(message(.promised(accepted: claimed)), from: 2, at: 1)
        nodes.receive(message(.promised(accepted: nil)), from: 3, at: 1)
        #expect(nodes.take() == [])
        #expect(nodes.chains[0].marks.contains(.decreeMisfit))
    }

    @Test("Nodes that are not of the ring have no part")
    func strangers() {
        var nodes = Transcript(3)
        nodes.receive(message(.prepare, of: 9), from: 9, at: 1)
        nodes.receive(message(.accept(change(5)), of: 9), from: 9, at: 1)
        #expect(nodes.take() == [])
        #expect(nodes.chains[0].marks.contains(.stranger))
    }

    @Test("A node without a vote proposes and does not answer")
    func withoutVote() {
        var nodes = Transcript(3)
        nodes.adopt(nodes.rings[0], at: 1, mayVote: false)
        nodes.receive(message(.prepare, of: 2), from: 2, at: 1)
        #expect(nodes.take() == [])
        #expect(nodes.chains[0].marks.contains(.voteWithheld))
        nodes.propose(change(5), as: 1, by: 1)
        #expect(nodes.take() == ["n1: keep 1.n1, prepare 1.n1 -> n2 n3"])
        nodes.settle()
        #expect(nodes.take().suffix(2) == ["n1: decided w5", "n1: #1 decided"])
        // It votes in the next epoch.
        nodes.receive(message(.prepare, epoch: 2, of: 2), from: 2, at: 1)
        #expect(nodes.take() == ["n1: keep 1.n2, promised 1.n2 -> n2"])
    }

    @Test("Who may not vote counts among those of whom a majority is needed")
    func votersCount() {
        var nodes = Transcript(3)
        for node in [1, 2] { nodes.adopt(nodes.rings[0], at: node, mayVote: false) }
        nodes.propose(change(5), as: 1, by: 1)
        nodes.pass(until: at(10_000))
        #expect(nodes.take().last == "n1: #1 no majority: n3 of 2")
    }

    @Test(
        "To sit out the first ring that one hears of is not enough after a disk was lost",
        arguments: [true, false])
    func votesTooSoon(tooSoon: Bool) {
        var nodes = Transcript(3)
        nodes.cutOff = [3]
        nodes.propose(change(5), as: 1, by: 1)
        nodes.settle()
        nodes.adopt(change(5), at: 2)
        nodes.propose(change(6, epoch: 3), as: 2, by: 1)
        nodes.settle()
        nodes.cutOff = [1]
        #expect(nodes.take().contains("n1: #2 decided"))
        // The second node has voted on epoch 2, and hears of the one before first.
        nodes.loseDisk(2, hearing: nodes.rings[2])
        nodes.adopt(change(5), at: 2, mayVote: tooSoon)
        nodes.adopt(change(5), at: 3)
        nodes.propose(change(7, epoch: 3), as: 3, by: 3)
        nodes.pass(until: at(10_000))
        let end = tooSoon ? "n3: #3 decided" : "n3: #3 no majority: n3 of 2"
        #expect(nodes.take().contains(end))
    }

    @Test("Whoever jumps over an epoch knows of his proposal what can be known")
    func jumps() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.adopt(change(9, epoch: 3), at: 1)
        #expect(nodes.take().last == "n1: #1 overtaken")
        nodes.propose(change(6), as: 2, by: 2)
        nodes.lose { $0.to == 1 || $0.from == 1 }
        nodes.deliver { _ in true }
        nodes.deliver { _ in true }
        nodes.adopt(change(9, epoch: 3), at: 2)
        #expect(nodes.take().last == "n2: #2 unknown")
    }

    @Test("A record that is ahead of the ring is left alone until the ring is there")
    func recordAhead() throws {
        var nodes = Transcript(3)
        nodes.adopt(change(5), at: 2)
        nodes.receive(message(.prepare, epoch: 2, round: 4), from: 1, at: 2)
        let record = try #require(nodes.disks[1])
        #expect(record.epoch == 2)
        var chain = EpochChain(
            local: id(2), name: id(2), random: SeededRandom(seed: 1), record: record)
        var effects: [EpochChain.Effect] = []
        chain.ringChanged(ring(3), mayVote: true, into: &effects)
        chain.messageReceived(message(.prepare), from: id(1), at: .start, into: &effects)
        chain.propose(change(6), as: ProposalID(rawValue: 1), at: .start, into: &effects)
        #expect(effects.map(words) == ["#1 overtaken"])
        #expect(chain.marks.contains(.recordAhead))
        chain.ringChanged(change(5), mayVote: true, into: &effects)
        chain.messageReceived(
            message(.prepare, epoch: 2, round: 3), from: id(1), at: .start, into: &effects)
        #expect(effects.map(words).last == "refused 3.n1 for 4.n1 -> n1")
    }

    @Test("A node whose storage refuses answers nothing, and proposes in vain")
    func storageRefuses() {
        var nodes = Transcript(3)
        nodes.refusing = [3]
        nodes.propose(change(5), as: 1, by: 3)
        nodes.pass(until: at(10_000))
        #expect(nodes.take().last == "n3: #1 no majority:  of 2")
        nodes.propose(change(6), as: 2, by: 1)
        nodes.settle()
        #expect(nodes.take().contains("n1: #2 decided"))
        #expect(nodes.disks[2] == nil)
    }

    @Test("An option out of its range is named")
    func options() {
        var options = ConsensusOptions()
        #expect(options.defect == nil)
        options.backoff = .seconds(11)
        #expect(options.defect == "backoff")
        options.attemptTimeout = .milliseconds(9)
        #expect(options.defect == "attemptTimeout")
        options.patience = .milliseconds(999)
        #expect(options.defect == "patience")
    }

    @Test("Attempts are repeated at growing distances, with higher ballots")
    func distances() {
        var nodes = Transcript(3)
        nodes.cutOff = [2, 3]
        nodes.propose(change(5), as: 1, by: 1)
        var times: [UInt64] = []
        while nodes.chains[0].nextWakeup < at(10_000) {
            let time = nodes.chains[0].nextWakeup
            nodes.pass(until: time)
            times.append(time.nanoseconds / 1_000_000)
        }
        let gaps = zip([0] + times, times).map { $1 - $0 }
        for (attempt, gap) in gaps.enumerated() {
            #expect((500 << attempt...750 << attempt).contains(Int(gap)), "\(gaps)")
        }
        #expect(gaps.count == 3 || gaps.count == 4)
        #expect(nodes.chains[0].marks.contains(.attemptRepeated))
    }

    @Test("A majority that only ever refuses is told apart from one that is away")
    func contended() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.cutOff = [1, 2, 3]
        var round: UInt64 = 1
        while nodes.chains[0].nextWakeup != .never {
            let ballot = Ballot(round: round, proposer: id(1))
            for node in [2, 3] {
                let other = Ballot(round: round + 1, proposer: id(node))
                nodes.receive(
                    DecreeMessage(epoch: 1, ballot: ballot, .refused(promised: other)),
                    from: node, at: 1)
            }
            let next = nodes.chains[0].nextWakeup
            nodes.pass(until: next)
            round = nodes.chains[0].record.promised.round
        }
        #expect(nodes.take().last == "n1: #1 contended")
        #expect(round > 8)
    }

    @Test("Where no ballot is left nothing is tried, and nothing traps")
    func exhausted() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.cutOff = [1, 2, 3]
        let last = Ballot(round: Ballot.roundLimit, proposer: id(2))
        nodes.receive(message(.refused(promised: last)), from: 2, at: 1)
        nodes.pass(until: at(10_000))
        #expect(nodes.take().last == "n1: #1 contended")
        #expect(nodes.chains[0].record.promised.round == 1)
        #expect(nodes.chains[0].marks.contains(.roundsExhausted))
    }
}
