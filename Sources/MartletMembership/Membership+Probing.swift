// The failure detector of SWIM, section 3.1: ping, ask others to ping, suspect; and the datagrams
// that carry it. One deviation: where there are fewer than k helpers, the direct ping is repeated,
// or a small group would take every loss for a failure.
internal import MartletBase
internal import MartletWire

extension Membership {
    // MARK: Asking

    /// The probe of this period: the next in the rotation that is not unreachable.
    mutating func probeNext(at now: Instant, into effects: inout [Effect]) {
        endForgetting(at: now)
        relays.removeAll { $0.deadline <= now }
        let table = table
        let next = rotation.next(random: &random) { id in
            table[id].map { $0.member.state < .unreachable } ?? false
        }
        if let next, let belief = table[next] {
            probe(.member(belief.member), as: .direct, at: now, into: &effects)
        }
    }

    /// A probe out of turn: unless one is under way, or began within the direct timeout, so that a
    /// member whose port refuses connections is not flooded.
    mutating func probeNow(_ id: NodeID, at now: Instant, into effects: inout [Effect]) {
        guard let member = table[id]?.member, member.state < .unreachable else { return }
        let isCovered = probes.contains { probe in
            probe.member?.id == id
                && (probe.phase != .answered || now < probe.startedAt + options.directTimeout)
        }
        if !isCovered { probe(.member(member), as: .direct, at: now, into: &effects) }
    }

    /// Begins a probe, when there is room for one.
    mutating func probe(
        _ target: Probe.Target, as phase: Probe.Phase, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard probes.count < Self.probeLimit else { return marks.occurred(.probesFull) }
        let wait = phase == .direct ? options.directTimeout : options.protocolPeriod
        let probe = Probe(
            target: target, sequence: random.next(), startedAt: now, phase: phase,
            deadline: now + wait)
        probes.append(probe)
        ping(for: probe, into: &effects)
    }

    private mutating func ping(for probe: Probe, into effects: inout [Effect]) {
        switch probe.target {
        case .seed(let endpoint):
            let datagram = compose(.ping(target: nil), probe.sequence, to: nil)
            effects.append(.sendDatagram(datagram, to: endpoint))
        case .member(let member):
            sendPing(to: member, sequence: probe.sequence, into: &effects)
        }
    }

    /// A ping tells its target what is believed of it, unless that is the best: a suspect hears it
    /// at once and can deny it.
    private mutating func sendPing(
        to member: Member, sequence: UInt64, into effects: inout [Effect]
    ) {
        let target = table[member.id]?.member ?? member
        let accused = target.state == .alive ? [] : [target.id]
        let datagram = compose(
            .ping(target: target.id), sequence, to: target.id, telling: accused)
        effects.append(.sendDatagram(datagram, to: target.peerEndpoint))
    }

    /// Moves each probe whose time has come one step on. Who suspects a member asks it again at
    /// once, and so on until the suspicion is over: others pass the suspicion on, and the suspect
    /// has to hear of it to deny it in time.
    mutating func advanceProbes(at now: Instant, into effects: inout [Effect]) {
        for probe in probes where probe.deadline <= now {
            switch probe.phase {
            case .direct:
                askHelpers(of: probe, at: now, into: &effects)
            case .indirect:
                close(probe)
                if let member = probe.member {
                    learn(member.claimed(.suspect), at: now, into: &effects)
                    probeNow(member.id, at: now, into: &effects)
                }
            case .outreach, .answered:
                close(probe)
            }
        }
    }

    private mutating func close(_ probe: Probe) {
        probes.removeAll { $0.sequence == probe.sequence }
    }

    private mutating func askHelpers(
        of probe: Probe, at now: Instant, into effects: inout [Effect]
    ) {
        guard let target = probe.member,
            let index = probes.firstIndex(where: { $0.sequence == probe.sequence })
        else { return }
        let helpers = drawHelpers(for: target.id)
        marks.occurred(.helperless, if: helpers.isEmpty)
        probes[index].phase = .indirect
        probes[index].helpers = helpers.map(\.id)
        probes[index].deadline = now + (options.protocolPeriod - options.directTimeout)
        for helper in helpers {
            let datagram = compose(
                .pingRequest(target: target.id), probe.sequence, to: helper.id,
                telling: [target.id])
            effects.append(.sendDatagram(datagram, to: helper.peerEndpoint))
        }
        if helpers.count < options.indirectProbes {
            sendPing(to: target, sequence: probe.sequence, into: &effects)
        }
    }

    /// Up to k alive members other than the target, each set equally likely. O(n).
    private mutating func drawHelpers(for target: NodeID) -> [Member] {
        var candidates = table.beliefs.map(\.member).filter {
            $0.state == .alive && $0.id != target
        }
        let count = min(options.indirectProbes, candidates.count)
        for index in 0..<count {
            candidates.swapAt(index, index + random.below(candidates.count - index))
        }
        return Array(candidates.prefix(count))
    }

    // MARK: Being asked, and being answered

    /// Takes in one datagram: what it says of members first, so that the answer already denies it.
    mutating func receive(
        _ datagram: Datagram, from endpoint: Endpoint, at now: Instant,
        into effects: inout [Effect]
    ) {
        if datagram.sender == local.id {
            hearFromSelf(datagram, from: endpoint, at: now, into: &effects)
            return
        }
        switch datagram.kind {
        case .ack: return receiveAck(datagram, at: now, into: &effects)
        case .nameTaken(let owner): return receiveDenial(datagram, owner: owner, into: &effects)
        case .ping, .pingRequest: break
        }
        if denyName(datagram, at: endpoint, into: &effects) {
            return marks.occurred(.nameDenied)
        }
        learn(from: datagram, at: now, into: &effects)
        switch datagram.kind {
        case .ping(target: nil), .ping(target: local.id), .pingRequest(target: local.id):
            answer(datagram, at: endpoint, into: &effects)
        case .pingRequest(let target):
            relay(datagram, for: target, asker: endpoint, at: now, into: &effects)
        case .ping, .ack, .nameTaken:
            break
        }
    }

    private mutating func learn(
        from datagram: Datagram, at now: Instant, into effects: inout [Effect]
    ) {
        for member in datagram.members { learn(member, at: now, into: &effects) }
        noticeEpoch(datagram.epoch, of: datagram.sender, at: now, into: &effects)
    }

    /// The ack tells the sender what is believed of it where that is not what it says itself.
    private mutating func answer(
        _ datagram: Datagram, at endpoint: Endpoint, into effects: inout [Effect]
    ) {
        let shown = datagram.members.first { $0.id == datagram.sender }
        let believed = table[datagram.sender]?.member
        let misled = believed == nil || believed == shown ? [] : [datagram.sender]
        let ack = compose(.ack, datagram.sequence, to: datagram.sender, telling: misled)
        effects.append(.sendDatagram(ack, to: endpoint))
    }

    /// Pings for another: only members that are known, at the endpoint that is known.
    private mutating func relay(
        _ datagram: Datagram, for target: NodeID, asker: Endpoint, at now: Instant,
        into effects: inout [Effect]
    ) {
        guard let member = table[target]?.member, relays.count < Self.relayLimit else { return }
        let relay = Relay(
            sequence: random.next(), target: target, requester: asker,
            requesterSequence: datagram.sequence, deadline: now + options.protocolPeriod)
        relays.append(relay)
        sendPing(to: member, sequence: relay.sequence, into: &effects)
    }

    private mutating func receiveAck(
        _ ack: Datagram, at now: Instant, into effects: inout [Effect]
    ) {
        if let index = probes.firstIndex(where: { $0.sequence == ack.sequence }) {
            guard probes[index].awaits(ack.sender) else { return }
            conclude(probes[index], with: ack, at: now, into: &effects)
        } else if let index = relays.firstIndex(where: { $0.sequence == ack.sequence }) {
            guard relays[index].target == ack.sender else { return }
            let relay = relays.remove(at: index)
            marks.occurred(.relayed)
            learn(from: ack, at: now, into: &effects)
            let answer = compose(
                .ack, relay.requesterSequence, to: nil, telling: [relay.target])
            effects.append(.sendDatagram(answer, to: relay.requester))
        }
    }

    private mutating func conclude(
        _ probe: Probe, with ack: Datagram, at now: Instant, into effects: inout [Effect]
    ) {
        let isOwnAnswer = probe.member.map { $0.id == ack.sender } ?? true
        if isOwnAnswer, probe.phase != .answered, ack.wall.milliseconds > 0 {
            effects.append(.clockRead(ack.sender, ack.wall, askedAt: probe.startedAt))
        }
        if let index = probes.firstIndex(where: { $0.sequence == probe.sequence }) {
            probes[index].phase = .answered
            if probe.phase == .direct {
                probes[index].deadline = probe.startedAt + options.protocolPeriod
            }
        }
        let before = table[ack.sender]?.member.state
        learn(from: ack, at: now, into: &effects)
        candidates.noteAnswer(of: ack.sender)
        let isNew = before.map { $0 >= .unreachable } ?? true
        if isNew || !hasExchanged { exchange(with: ack.sender, into: &effects) }
    }

    // MARK: Composing

    /// A datagram that opens with the local record, goes on with what `telling` names, and is
    /// filled up with gossip that is news to `receiver`.
    private mutating func compose(
        _ kind: Datagram.Kind, _ sequence: UInt64, to receiver: NodeID?,
        telling: [NodeID] = []
    ) -> Datagram {
        let table = table
        var members = [local]
        for id in telling {
            if let member = table[id]?.member { members.append(member) }
        }
        let used = members.reduce(Datagram.overheadLimit) { $0 + $1.encodedByteCount }
        let news = gossip.take(
            budget: options.datagramByteLimit - used,
            limit: options.retransmitLimit(groupOf: table.count + 1),
            excluding: telling + (receiver.map { [$0] } ?? []),
            size: { table[$0]?.member.encodedByteCount ?? .max })
        members.append(contentsOf: news.compactMap { table[$0]?.member })
        return Datagram(
            sender: local.id, sequence: sequence, epoch: epoch, kind: kind, members: members)
    }
}
