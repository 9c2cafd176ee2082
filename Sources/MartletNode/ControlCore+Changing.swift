// How operators change the ring: changes are staged at one node, planned there, and committed: the
// members of the present ring decide whether what comes of them is the next epoch.
internal import MartletBase
internal import MartletConsensus
internal import MartletMembership
internal import MartletReplication
internal import MartletRing
internal import MartletWire

extension ControlCore {
    /// Changes that may be staged.
    private static let stageLimit = 1_024

    /// Does what an operator asks of the ring; the reply to what the nodes must decide comes later.
    mutating func asked(
        _ request: RingRequest, under id: RequestID, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        guard let topology = view.topology else {
            return work.reply(.ring(.refused("the node is in no cluster yet")), to: id)
        }
        do throws(Refusal) {
            switch request {
            case .stage(let order): try stage(order, topology)
            case .clear: staged = []
            case .plan:
                let plan = try plan(after: topology)
                let proposal = RingProposal(changes: staged, present: topology, plan: plan)
                return work.reply(.ring(.planned(proposal)), to: id)
            case .commit(let epoch):
                let next = try plan(after: topology, expecting: epoch).topology
                return propose(next, for: id, &view, at: now, into: &work)
            case .cancel:
                let next = try back(from: topology)
                return propose(next, for: id, &view, at: now, into: &work)
            }
            work.reply(.ring(.staged(staged)), to: id)
        } catch {
            work.reply(.ring(.refused(error.text)), to: id)
        }
    }

    /// Why an operator is refused.
    private struct Refusal: Error {
        var text: String
    }

    private mutating func stage(_ order: RingOrder, _ topology: Topology) throws(Refusal) {
        guard staged.count < Self.stageLimit else {
            throw Refusal(text: "\(staged.count) changes are staged: commit or clear them first")
        }
        let change: StagedChange =
            switch order {
            case .join(let text): .join(try candidate(text, topology))
            case .leave(let text): .leave(text)
            case .remove(let text): .remove(text)
            case .replace(let text, let heir): .replace(text, by: try candidate(heir, topology))
            case .weigh(let text, let weight): .weigh(text, weight: weight)
            case .rezone(let text, let zone): .rezone(text, zone: zone)
            case .replicas(let count): .replicas(count)
            }
        do throws(ChangeError) { _ = try Planner.plan(after: topology, staged + [change]) } catch {
            throw Refusal(text: "\(error)")
        }
        staged.append(change)
    }

    /// The node of that name or identity that is known and of no ring.
    private func candidate(_ text: String, _ topology: Topology) throws(Refusal) -> RingMember {
        let meant = NodeID(text)
        let found = membership.members.filter {
            ($0.name == text || $0.id == meant) && topology.member($0.id) == nil
                && $0.state != .forgotten
        }
        guard let member = found.first else {
            throw Refusal(
                text: "no node \(text) asks to join: start it with seeds of this cluster, and see "
                    + "'martlet ring'")
        }
        guard found.count == 1 else {
            let ids = found.map(\.id.description).joined(separator: ", ")
            throw Refusal(text: "several nodes are named \(text): say which of \(ids)")
        }
        guard member.state == .alive else {
            throw Refusal(text: "\(member.name) is \(member.state): only a node that answers joins")
        }
        return RingMember(
            id: member.id, name: member.name, zone: member.zone, weight: member.weight)
    }

    private func plan(after topology: Topology, expecting epoch: UInt64? = nil) throws(Refusal)
        -> Plan
    {
        if staged.isEmpty { throw Refusal(text: "nothing is staged") }
        if let epoch, epoch != topology.epoch + 1 {
            throw Refusal(
                text: "the plan was made for epoch \(epoch), and the ring is of epoch "
                    + "\(topology.epoch) by now: look at the plan again")
        }
        do throws(ChangeError) { return try Planner.plan(after: topology, staged) } catch {
            throw Refusal(text: "\(error)")
        }
    }

    private func back(from topology: Topology) throws(Refusal) -> Topology {
        if topology.moves.isEmpty { throw Refusal(text: "nothing moves") }
        do throws(TopologyError) { return try topology.cancelled() } catch {
            throw Refusal(text: "\(error)")
        }
    }

    // MARK: Proposals

    /// Has the nodes decide on `next`, for an operator or, where that is nil, for nobody. Not while
    /// another proposal of this node is open: operators are told to try again.
    mutating func propose(
        _ next: Topology, for request: RequestID? = nil, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        guard proposal == nil else {
            if let request {
                work.reply(.ring(.refused(words(of: .busy, 0, nil))), to: request)
            }
            return
        }
        proposals += 1
        let number = ProposalID(rawValue: proposals)
        proposal = OpenProposal(id: number, request: request)
        chain.propose(next, as: number, at: now.instant, into: &chainEffects)
        drainChain(&view, at: now, into: &work)
    }

    /// A proposal has ended.
    mutating func concluded(
        _ id: ProposalID, _ outcome: ProposalOutcome, _ view: ControlView, at now: Moment,
        into work: inout Work
    ) {
        guard let open = proposal, open.id == id else { return }
        proposal = nil
        guard let request = open.request else { return }
        let epoch = view.topology?.epoch ?? 0
        if outcome == .decided { staged = [] }
        let reply: RingReply =
            outcome == .decided
            ? .decided(epoch: epoch) : .refused(words(of: outcome, epoch, view.topology))
        work.reply(.ring(reply), to: request)
    }

    private func words(
        of outcome: ProposalOutcome, _ epoch: UInt64, _ topology: Topology?
    ) -> String {
        switch outcome {
        case .decided: "decided"
        case .overtaken:
            "another change was decided first: the ring is of epoch \(epoch) now, and what was "
                + "staged stays staged. Look at 'martlet ring', and plan again"
        case .busy: "another change is being decided on: try again"
        case .notMember: "this node is no member of the ring: ask a member"
        case .noMajority(let answered, let needed):
            "\(needed) members must agree and \(answered.count) answered"
                + (answered.isEmpty
                    ? ""
                    : " ("
                        + answered.map { topology?.member($0)?.name ?? "\($0)" }
                        .joined(separator: ", ") + ")")
                + ": a minority serves reads and writes, and cannot change the ring"
        case .contended: "changes were asked for at several nodes at once: try again"
        case .unknown:
            "too few members have answered to tell whether the change was decided: look at "
                + "'martlet ring' once more of them answer"
        }
    }
}

/// A ring that the nodes are to decide on.
struct OpenProposal {
    var id: ProposalID
    /// Who asked for it; nil where no operator did.
    var request: RequestID?
}
