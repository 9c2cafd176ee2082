// The control core's part of the epoch chain: it carries out what the chain asks for, and spreads
// what was decided.
internal import MartletBase
internal import MartletConsensus
internal import MartletRing
internal import MartletStorage
internal import MartletWire

/// What goes to other nodes once the log is synced that far.
struct HeldVote {
    var position: LogPosition
    var message: DecreeMessage
    var nodes: [NodeID]
}

extension ControlCore {
    /// A message about the epoch to come.
    mutating func decreeReceived(
        _ message: DecreeMessage, from sender: NodeID, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        chain.messageReceived(message, from: sender, at: now.instant, into: &chainEffects)
        drainChain(&view, at: now, into: &work)
    }

    /// Votes that the disk has go out, and it has the ring.
    mutating func logAdvanced(
        _ view: inout ControlView, at now: Moment, into work: inout Work
    ) {
        if let topology = view.topology, view.keptEpoch < topology.epoch,
            engine.synced >= ringPosition
        {
            view.keptEpoch = topology.epoch
        }
        guard let first = votes.first, first.position <= engine.synced else { return }
        let ready = votes.prefix { $0.position <= engine.synced }
        votes.removeFirst(ready.count)
        for vote in ready { send(vote.message, to: vote.nodes, at: now, into: &work) }
        drainChain(&view, at: now, into: &work)
    }

    /// Acts on what has come of the chain, and on what comes of that.
    mutating func drainChain(_ view: inout ControlView, at now: Moment, into work: inout Work) {
        while !chainEffects.isEmpty {
            let effects = chainEffects
            chainEffects.removeAll(keepingCapacity: true)
            for effect in effects { carryOut(effect, &view, at: now, into: &work) }
        }
    }

    private mutating func carryOut(
        _ effect: EpochChain.Effect, _ view: inout ControlView, at now: Moment,
        into work: inout Work
    ) {
        switch effect {
        case .send(let message, let nodes): send(message, to: nodes, at: now, into: &work)
        case .keep(let record, let message, let nodes):
            var batch = WriteBatch()
            batch.put(record)
            guard let position = try? engine.write(batch, isSynced: true) else {
                return marks.occurred(.voteRefused)
            }
            votes.append(HeldVote(position: position, message: message, nodes: nodes))
        case .decided(let topology):
            guard adopt(topology, &view, at: now, into: &work) else { return }
            spread(topology, into: &work)
        case .concluded(let proposal, let outcome):
            concluded(proposal, outcome, view, at: now, into: &work)
        case .offerRing(let node):
            if let topology = view.topology { send(.topology(topology), to: node, into: &work) }
        case .askRing(let node):
            let epoch = view.topology?.epoch ?? 0
            send(.topologyWanted(newerThan: epoch), to: node, into: &work)
        }
    }

    private mutating func send(
        _ message: DecreeMessage, to nodes: [NodeID], at now: Moment, into work: inout Work
    ) {
        for node in nodes {
            if node == identity.id {
                chain.messageReceived(message, from: node, at: now.instant, into: &chainEffects)
            } else {
                send(.decree(message), to: node, into: &work)
            }
        }
    }

    /// Tells all members of a ring that was decided here; others hear of it by gossip.
    func spread(_ topology: Topology, into work: inout Work) {
        for member in topology.members where member.id != identity.id {
            send(.topology(topology), to: member.id, into: &work)
        }
    }
}
