// Deciding an epoch as transcripts: event in, exact effects out. Sections are those of Paxos Made
// Simple.
import MartletBase
import MartletConsensus
import MartletRing
import MartletWire
import Testing

/// A change of the ring of three, told from others by its weight.
private func change(_ weight: UInt32, epoch: UInt64 = 2) -> Topology {
    ring(3, epoch: epoch, weight: weight)
}

@Suite("Deciding an epoch")
struct EpochChainTests {
    @Test("§2.2: both phases, each answer kept before it is sent")
    func alone() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        #expect(nodes.take() == ["n1: keep 1.n1, prepare 1.n1 -> n1 n2 n3"])
        nodes.deliver { _ in true }
        #expect(
            nodes.take() == [
                "n1: keep 1.n1, promised 1.n1 -> n1", "n2: keep 1.n1, promised 1.n1 -> n1",
                "n3: keep 1.n1, promised 1.n1 -> n1",
            ])
        nodes.deliver { _ in true }
        #expect(nodes.take() == ["n1: accept 1.n1 w5 -> n1 n2 n3"])
        nodes.deliver { _ in true }
        #expect(
            nodes.take() == [
                "n1: keep 1.n1 w5 in 1.n1, accepted 1.n1 -> n1",
                "n2: keep 1.n1 w5 in 1.n1, accepted 1.n1 -> n1",
                "n3: keep 1.n1 w5 in 1.n1, accepted 1.n1 -> n1",
            ])
        nodes.deliver { _ in true }
        #expect(nodes.take() == ["n1: decided w5", "n1: #1 decided", "n1: offer ring to n3"])
        #expect(nodes.posts.isEmpty)
        #expect(nodes.chains[0].nextWakeup == .never)
        // The record was about the epoch before.
        #expect(nodes.chains[0].record == AcceptorRecord(epoch: 2))
    }

    @Test("§2.4: a duel, step by step: who is refused goes on later, and is told who won")
    func duel() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.deliver { _ in true }
        nodes.deliver { _ in true }
        nodes.propose(change(6), as: 2, by: 3)
        _ = nodes.take()
        // All have promised 1.n1; now n3, whose ballot is higher, is first at n2 and itself.
        nodes.deliver { $0.from == 3 && $0.to != 1 }
        nodes.deliver { $0.to == 3 && $0.message.ballot.proposer == id(3) }
        #expect(
            nodes.take() == [
                "n2: keep 2.n3, promised 2.n3 -> n3", "n3: keep 2.n3, promised 2.n3 -> n3",
                "n3: accept 2.n3 w6 -> n1 n2 n3",
            ])
        nodes.deliver { $0.from == 1 }
        #expect(
            nodes.take() == [
                "n1: keep 1.n1 w5 in 1.n1, accepted 1.n1 -> n1",
                "n2: refused 1.n1 for 2.n3 -> n1", "n3: refused 1.n1 for 2.n3 -> n1",
            ])
        nodes.pass(until: at(1_000))
        let lines = nodes.take()
        #expect(lines.filter { $0.contains(": decided") } == ["n3: decided w6"])
        #expect(lines.filter { $0.contains("#") } == ["n3: #2 decided", "n1: #1 overtaken"])
        #expect(nodes.rings.allSatisfy { $0 == change(6) || $0.epoch == 1 })
    }

    @Test("Of two operators' changes one is decided and the other overtaken", arguments: 0..<30)
    func duels(delay: Int) {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        for _ in 0..<delay % 6 { nodes.deliver { $0.from != 3 && $0.to != 3 } }
        nodes.propose(change(6), as: 2, by: 3)
        for _ in 0..<delay / 6 { nodes.deliver { $0.from == 3 || $0.to == 3 } }
        nodes.pass(until: at(9_000))
        let ends = nodes.take().filter { $0.contains("#") }
        #expect(ends.count == 2, "\(ends)")
        #expect(ends.contains { $0.hasSuffix(" decided") }, "\(ends)")
        #expect(ends.contains { $0.hasSuffix(" overtaken") }, "\(ends)")
    }

    @Test("A minority cannot change the ring, and says who answered and how many are needed")
    func minority() {
        var nodes = Transcript(5)
        nodes.cutOff = [3, 4, 5]
        nodes.propose(ring(5, epoch: 2, weight: 5), as: 1, by: 1)
        nodes.pass(until: at(9_999))
        #expect(!nodes.take().contains { $0.contains("#") })
        nodes.pass(until: at(10_000))
        #expect(nodes.take() == ["n1: #1 no majority: n1 n2 of 3"])
        #expect(nodes.chains[0].marks.contains(.givenUp))
        // Nothing of it is left that could be decided later.
        #expect(nodes.disks.allSatisfy { $0?.accepted == nil })
    }

    @Test("§2.2, P2c: what a proposer left behind that died after accept is completed")
    func completed() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.deliver { _ in true }
        nodes.deliver { _ in true }
        nodes.deliver { $0.to == 2 }
        nodes.cutOff = [1]
        nodes.lose { _ in true }
        _ = nodes.take()
        nodes.propose(change(6), as: 2, by: 3)
        nodes.settle()
        #expect(
            nodes.take() == [
                "n3: keep 2.n3, prepare 2.n3 -> n1 n2 n3",
                "n2: keep 2.n3 w5 in 1.n1, promised 2.n3 (w5 in 1.n1) -> n3",
                "n3: keep 2.n3, promised 2.n3 -> n3", "n3: accept 2.n3 w5 -> n1 n2 n3",
                "n2: keep 2.n3 w5 in 2.n3, accepted 2.n3 -> n3",
                "n3: keep 2.n3 w5 in 2.n3, accepted 2.n3 -> n3", "n3: decided w5",
                "n3: #2 overtaken",
            ])
        #expect(nodes.chains[2].marks.contains(.foreignCompleted))
        // The first one hears of it once it can be reached.
        nodes.cutOff = []
        nodes.pass(until: at(2_000))
        #expect(nodes.take().contains("n1: #1 decided"))
    }

    @Test("Of several that were accepted, that of the highest ballot is completed")
    func latest() {
        var nodes = Transcript(5)
        func wanted(_ weight: UInt32) -> Topology { ring(5, epoch: 2, weight: weight) }
        let older = Ballot(round: 3, proposer: id(1))
        let newer = Ballot(round: 4, proposer: id(2))
        nodes.receive(DecreeMessage(epoch: 1, ballot: newer, .accept(wanted(6))), from: 2, at: 4)
        nodes.receive(DecreeMessage(epoch: 1, ballot: older, .accept(wanted(5))), from: 1, at: 5)
        nodes.lose { _ in true }
        nodes.cutOff = [1, 2]
        nodes.propose(wanted(7), as: 1, by: 3)
        nodes.pass(until: at(3_000))
        #expect(nodes.take().contains("n3: decided w6"))
    }

    @Test("Once a ring may have been accepted, a failure says that the outcome is not known")
    func unknown() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.deliver { _ in true }
        nodes.deliver { _ in true }
        nodes.cutOff = [2, 3]
        nodes.pass(until: at(10_000))
        #expect(nodes.take().last == "n1: #1 unknown")
        // Whoever proposes next goes on with it: also the same node, with the same ring.
        nodes.cutOff = []
        nodes.propose(change(6), as: 2, by: 1)
        nodes.settle()
        #expect(nodes.take().suffix(2) == ["n1: #2 overtaken", "n1: offer ring to n3"])
        #expect(nodes.rings[0] == change(5))
    }

    @Test("An acceptor comes back bound as it was")
    func acceptorRestarts() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 3)
        nodes.deliver { _ in true }
        nodes.deliver { _ in true }
        nodes.deliver { $0.to == 2 }
        nodes.restart(2)
        _ = nodes.take()
        let lower = Ballot(round: 1, proposer: id(1))
        nodes.receive(DecreeMessage(epoch: 1, ballot: lower, .prepare), from: 1, at: 2)
        nodes.receive(DecreeMessage(epoch: 1, ballot: lower, .accept(change(6))), from: 1, at: 2)
        let higher = Ballot(round: 2, proposer: id(1))
        nodes.receive(DecreeMessage(epoch: 1, ballot: higher, .prepare), from: 1, at: 2)
        #expect(
            nodes.take() == [
                "n2: refused 1.n1 for 1.n3 -> n1", "n2: refused 1.n1 for 1.n3 -> n1",
                "n2: keep 2.n1 w5 in 1.n3, promised 2.n1 (w5 in 1.n3) -> n1",
            ])
        #expect(nodes.chains[1].marks.contains(.recordRestored))
        #expect(nodes.chains[1].marks.contains(.refusal))
    }

    @Test("A proposer that comes back never uses a ballot again")
    func proposerRestarts() {
        var nodes = Transcript(3)
        nodes.propose(change(5), as: 1, by: 1)
        nodes.restart(1)
        _ = nodes.take()
        nodes.propose(change(6), as: 2, by: 1)
        #expect(nodes.take() == ["n1: keep 2.n1, prepare 2.n1 -> n1 n2 n3"])
    }

    @Test("Answers of an attempt before, and answers that come twice, count for nothing")
    func staleAnswers() {
        var nodes = Transcript(5)
        nodes.propose(ring(5, epoch: 2, weight: 5), as: 1, by: 1)
        nodes.cutOff = [1, 2, 3, 4, 5]
        nodes.pass(until: at(800))
        _ = nodes.take()
        func promised(_ round: UInt64) -> DecreeMessage {
            DecreeMessage(
                epoch: 1, ballot: Ballot(round: round, proposer: id(1)), .promised(accepted: nil))
        }
        // The node itself has promised 2.n1: one more is missing, and none of these is it.
        for message in [promised(1), promised(2), promised(2), promised(3)] {
            nodes.receive(message, from: 2, at: 1)
        }
        nodes.receive(promised(1), from: 3, at: 1)
        #expect(nodes.take() == [])
        nodes.receive(promised(2), from: 3, at: 1)
        #expect(nodes.take() == ["n1: accept 2.n1 w5 -> n1 n2 n3 n4 n5"])
        nodes.receive(promised(2), from: 4, at: 1)
        #expect(nodes.take() == [])
    }
}
