// How the ring gets its next epoch: decided once, among the members of the present one, by
// single-decree Paxos (Lamport, Paxos Made Simple, 2001). One node's part as a value: events and
// the time go in, effects come out; no IO, no clock. How decided rings are spread, and whether one
// that is heard of is believed, is the caller's. Why it is safe is argued in the documentation.
public import MartletBase
public import MartletRing
public import MartletWire

/// One node's part in deciding the epoch after the present one: acceptor and proposer.
///
///     operator ─▶ propose ─▶ keep, prepare ─▶ promised ─▶ accept ─▶ keep, accepted ─▶ decided
///                    ▲          all members    majority     all         majority         │
///                    │                                                                   ▼
///                    └────────────────────── ringChanged ◀──── the caller adopts it, tells others
///
/// What it differs in from the paper: a decision is not told by messages of its own, since a ring
/// is gossip already; and a ballot is on disk before anybody hears of it, so that no later life of
/// the node draws it again.
///
/// The caller hands in events in the order in which they happen, calls `tick` at `nextWakeup` or
/// soon after, and carries out all effects in order. Costs per event are at most linear in the
/// members and in the size of a ring.
public struct EpochChain: Sendable {
    /// What to do, or what to know.
    public enum Effect: Equatable, Sendable {
        /// Send this to each of them, once; it may be lost. What is for this node itself is handed
        /// back to it as received.
        case send(DecreeMessage, to: [NodeID])
        /// Keep the record in place of all before it, synced in every sync mode, and then send as
        /// above. Where the storage refuses, or the node crashes first, nothing is sent.
        case keep(AcceptorRecord, thenSend: DecreeMessage, to: [NodeID])
        /// This ring is the next epoch: keep it, go by it, say `ringChanged`, tell the others.
        case decided(Topology)
        /// The proposal with this number ended.
        case concluded(ProposalID, ProposalOutcome)
        /// That node does not know the present ring: send it, as a ring is sent.
        case offerRing(to: NodeID)
        /// That node knows a newer ring: ask for it.
        case askRing(of: NodeID)
    }

    /// The rare branches that were taken.
    public private(set) var marks = Marks<ConsensusMark>()
    /// What this node is bound to: to be shown, and to be handed to its next life. What it has
    /// accepted may be decided or not.
    public private(set) var record: AcceptorRecord

    private let local: NodeID
    private let name: NodeID
    private let options: ConsensusOptions
    private var random: SeededRandom
    /// The ring known; nil before the first.
    private var ring: Topology?
    private var mayVote = false
    private var proposal: Proposal?

    /// A node that knows no ring yet.
    ///
    /// - Parameters:
    ///   - name: under which its ballots go: its id, or for a node that has lost its disk a name
    ///     drawn anew, as that of its dots. It does not know which ballots it had before.
    ///   - random: draws how long to wait, and nothing that safety depends on.
    ///   - record: what its former life kept last; nil where it kept nothing, or has lost its disk.
    public init(
        local: NodeID, name: NodeID, options: ConsensusOptions = ConsensusOptions(),
        random: SeededRandom, record: AcceptorRecord?
    ) {
        invariant(options.defect == nil, "option \(options.defect ?? "") out of range")
        self.local = local
        self.name = name
        self.options = options
        self.random = random
        self.record = record ?? AcceptorRecord(epoch: 0)
    }

    /// When to call `tick` next.
    public var nextWakeup: Instant {
        guard let proposal else { return .never }
        return min(proposal.nextAttempt, proposal.deadline)
    }

    private var epoch: UInt64 { ring?.epoch ?? 0 }

    // MARK: Rings

    /// The node goes by this ring from now on: the first that it knows, or one that was decided.
    /// All that was about an older epoch ends. To be said again of the same ring changes `mayVote`
    /// alone; rings never go back.
    ///
    /// - Parameter mayVote: whether the node is an acceptor of the next epoch, if it is a member.
    ///   False for each epoch on which it may have voted in a life whose disk is lost: for all but
    ///   those that were decided after the loss.
    public mutating func ringChanged(
        _ topology: Topology, mayVote: Bool, into effects: inout [Effect]
    ) {
        invariant(topology.epoch >= epoch, "a ring of epoch \(topology.epoch) after \(epoch)")
        if topology.epoch > epoch {
            marks.occurred(.recordRestored, if: record.epoch == topology.epoch)
            marks.occurred(.recordAhead, if: record.epoch > topology.epoch)
            if record.epoch < topology.epoch { record = AcceptorRecord(epoch: topology.epoch) }
            if let open = proposal {
                marks.occurred(.overtaken)
                conclude(open, open.outcome(under: topology), into: &effects)
            }
        }
        ring = topology
        self.mayVote =
            mayVote && topology.member(local) != nil && record.epoch == topology.epoch
    }

    // MARK: Proposing

    /// An operator's change: `next` is to follow the ring known, of the same cluster. It concludes
    /// within the patience, and goes on with a ring that others have accepted before, if there is
    /// one: then it is overtaken by that.
    public mutating func propose(
        _ next: Topology, as id: ProposalID, at now: Instant, into effects: inout [Effect]
    ) {
        guard let ring, ring.member(local) != nil else {
            return effects.append(.concluded(id, .notMember))
        }
        // A record that is ahead tells of an epoch that was decided.
        guard isNext(next), record.epoch == ring.epoch else {
            return effects.append(.concluded(id, .overtaken))
        }
        guard proposal == nil else { return effects.append(.concluded(id, .busy)) }
        let open = Proposal(
            id, wanted: next, needed: ring.members.count / 2 + 1,
            deadline: now + options.patience, startingAt: now)
        attempt(open, at: now, into: &effects)
    }

    /// The time has come for what `nextWakeup` told.
    public mutating func tick(at now: Instant, into effects: inout [Effect]) {
        guard let open = proposal else { return }
        if now >= open.deadline {
            let outcome = open.failure
            marks.occurred(outcome == .unknown ? .leftOpen : .givenUp)
            conclude(open, outcome, into: &effects)
        } else if now >= open.nextAttempt {
            marks.occurred(.attemptRepeated)
            attempt(open, at: now, into: &effects)
        }
    }

    /// Phase 1a: a ballot that nobody has used, and higher than any that was seen here.
    private mutating func attempt(
        _ proposal: Proposal, at now: Instant, into effects: inout [Effect]
    ) {
        var open = proposal
        let highest = max(record.promised, open.highest)
        if highest.round == Ballot.roundLimit {
            marks.occurred(.roundsExhausted)
            open.end()
        } else {
            let ballot = Ballot(round: highest.round + 1, proposer: name)
            let wait = options.attemptTimeout * options.growth(ofAttempt: open.attempts + 1)
            open.begin(ballot, nextAttempt: now + random.duration(in: wait...wait * 1.5))
            _ = record.promise(ballot)
            effects.append(.keep(record, thenSend: message(ballot, .prepare), to: acceptors))
        }
        self.proposal = open
    }

    private mutating func conclude(
        _ proposal: Proposal, _ outcome: ProposalOutcome, into effects: inout [Effect]
    ) {
        effects.append(.concluded(proposal.id, outcome))
        self.proposal = nil
    }

    // MARK: Messages

    /// A message came over the link from `sender`, or from this node itself. What is not of the
    /// present epoch says who of the two has to learn.
    public mutating func messageReceived(
        _ message: DecreeMessage, from sender: NodeID, at now: Instant,
        into effects: inout [Effect]
    ) {
        if message.epoch < epoch {
            marks.occurred(.senderBehind)
            return effects.append(.offerRing(to: sender))
        }
        if message.epoch > epoch {
            marks.occurred(.senderAhead)
            return effects.append(.askRing(of: sender))
        }
        guard let ring, ring.member(sender) != nil else { return marks.occurred(.stranger) }
        switch message.step {
        case .prepare, .accept: vote(message, of: sender, into: &effects)
        case .promised, .accepted, .refused:
            count(message, from: sender, at: now, into: &effects)
        }
    }

    /// The acceptor: phases 1b and 2b. Nothing but a refusal goes out before what it says is kept,
    /// even where the record stays as it was: what it says may still be on its way to the disk.
    private mutating func vote(
        _ message: DecreeMessage, of proposer: NodeID, into effects: inout [Effect]
    ) {
        guard mayVote else { return marks.occurred(.voteWithheld) }
        let ballot = message.ballot
        var answer = DecreeMessage.Step.refused(promised: record.promised)
        if case .accept(let next) = message.step {
            guard isNext(next) else { return marks.occurred(.decreeMisfit) }
            if record.accept(AcceptedDecree(ballot: ballot, topology: next)) { answer = .accepted }
        } else if record.promise(ballot) {
            answer = .promised(accepted: record.accepted)
        }
        let reply = self.message(ballot, answer)
        if case .refused = answer {
            marks.occurred(.refusal)
            effects.append(.send(reply, to: [proposer]))
        } else {
            effects.append(.keep(record, thenSend: reply, to: [proposer]))
        }
    }

    /// The proposer: answers are counted if they are about its present ballot.
    private mutating func count(
        _ message: DecreeMessage, from sender: NodeID, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard var open = proposal else { return }
        open.heard(from: sender)
        proposal = open
        guard message.ballot == open.ballot else { return }
        switch message.step {
        case .promised(let accepted):
            if let accepted, !isNext(accepted.topology) || accepted.ballot > open.ballot {
                return marks.occurred(.decreeMisfit)
            }
            if let decree = open.promised(by: sender, accepted: accepted) {
                marks.occurred(.foreignCompleted, if: decree != open.wanted)
                effects.append(.send(self.message(open.ballot, .accept(decree)), to: acceptors))
            }
            proposal = open
        case .accepted:
            if let decree = open.accepted(by: sender) {
                effects.append(.decided(decree))
                return conclude(open, open.outcome(under: decree), into: &effects)
            }
            proposal = open
        case .refused(let promised):
            let most = options.backoff * options.growth(ofAttempt: open.attempts)
            open.refused(by: promised, at: now) { random.duration(in: .zero...most) }
            proposal = open
        case .prepare, .accept: return
        }
    }

    private func message(_ ballot: Ballot, _ step: DecreeMessage.Step) -> DecreeMessage {
        DecreeMessage(epoch: epoch, ballot: ballot, step)
    }

    /// Whether `next` can follow the ring known: of the same cluster and secret, an epoch on.
    private func isNext(_ next: Topology) -> Bool {
        guard let ring else { return false }
        return next.epoch - 1 == ring.epoch && next.clusterID == ring.clusterID
            && next.clusterName == ring.clusterName && next.secret == ring.secret
    }

    /// Whose votes are asked for.
    private var acceptors: [NodeID] {
        (ring?.members ?? []).map(\.id).filter { $0 != local || mayVote }
    }

    /// Traps, with the state printed, where this contradicts itself. O(members · log members).
    public func checkInvariants() {
        invariant(record.defect == nil, "\(self): \(record.defect ?? "")")
        invariant(!mayVote || record.epoch == epoch, "\(self): votes after epoch \(epoch)")
        guard let proposal else { return }
        invariant(isNext(proposal.wanted), "\(self): after epoch \(epoch)")
        invariant(proposal.ballot <= record.promised, "\(self): a ballot that was not kept")
        invariant(proposal.voters.count < proposal.needed, "\(self): a majority not acted on")
        for voter in proposal.voters + proposal.answered {
            invariant(ring?.member(voter) != nil, "\(self): \(voter) is not of the ring")
        }
    }
}

extension EpochChain: CustomStringConvertible {
    /// In a line, all that a decision can depend on: no times, and nothing that is for operators.
    public var description: String {
        let votes = mayVote ? "votes" : "no vote"
        let accepted = record.accepted.map { " accepted \(Self.name($0))" } ?? ""
        let acceptor = "epoch \(epoch) \(votes) promised \(record.promised)\(accepted)"
        guard let proposal else { return acceptor }
        let phase =
            switch proposal.phase {
            case .preparing(let latest): "preparing \(latest.map(Self.name) ?? "")"
            case .accepting(let decree): "accepting \(Self.name(decree))"
            }
        return "\(acceptor); proposes \(Self.name(proposal.wanted)) at \(proposal.ballot) after "
            + "\(proposal.highest): \(phase) \(proposal.voters)"
    }

    private static func name(_ ring: Topology) -> String { "\(ring.epoch)/\(ring.digest)" }
    private static func name(_ decree: AcceptedDecree) -> String {
        "\(name(decree.topology)) in \(decree.ballot)"
    }
}
