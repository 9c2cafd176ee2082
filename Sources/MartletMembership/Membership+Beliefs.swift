// What a node makes of what it is told: claims about others replace weaker ones (SWIM, section
// 4.2) and are passed on; claims about itself are only ever denied.
internal import MartletBase
internal import MartletWire

/// What a node remembers of claims to its own identity that it did not make.
struct IdentityWatch: Sendable {
    /// Until then others may still speak of this node's former life at another address.
    var settledAt = Instant.never
    /// Until then no further such claim is denied or reported.
    var silentUntil = Instant.start
    /// Until then this node's own word is not sent to everybody again.
    var wordSilentUntil = Instant.start
}

extension Membership {
    // MARK: Others

    /// Takes in one claim, whoever made it.
    mutating func learn(_ claim: Member, at now: Instant, into effects: inout [Effect]) {
        if claim.id == local.id {
            hearOfSelf(claim, at: now, into: &effects)
            return
        }
        guard var belief = table[claim.id] else {
            meet(claim, at: now, into: &effects)
            return
        }
        let old = belief.member
        guard claim.supersedes(old), !claim.leaps(beyond: old) else { return }
        if claim.state == .forgotten, !mayForget(claim, over: old) { return }
        if claim.state == .alive {
            marks.occurred(.suspicionRefuted, if: old.state == .suspect)
            marks.occurred(.returned, if: old.state == .unreachable)
        }
        // Within one incarnation only the state can be news: the rest is the member's own word.
        belief.member =
            claim.incarnation == old.incarnation ? old.claimed(claim.state) : claim
        belief.forgottenUntil =
            claim.state == .forgotten ? now + Self.forgottenMemory : .never
        table[claim.id] = belief
        settle(belief.member, was: old, at: now, into: &effects)
    }

    /// Takes in what a member says of itself over its own link. Where it and what is believed are
    /// further apart than denials could bring them, what is believed was made up, or is long past.
    private mutating func hear(
        _ own: Member, at now: Instant, into effects: inout [Effect]
    ) {
        _ = candidates.remove(own.id)
        guard var belief = table[own.id] else {
            admit(own, at: now, into: &effects)
            return
        }
        let old = belief.member
        guard own.leaps(beyond: old) || old.leaps(beyond: own) else {
            learn(own, at: now, into: &effects)
            return
        }
        marks.occurred(.beliefOverruled)
        belief.member = own
        table[own.id] = belief
        settle(own, was: old, at: now, into: &effects)
    }

    /// Takes in everything that the node `sender` says over its link, its own word first.
    mutating func hear(
        _ claims: [Member], from sender: NodeID, at now: Instant, into effects: inout [Effect]
    ) {
        for claim in claims where claim.id == sender && claim.state == .alive {
            hear(claim, at: now, into: &effects)
        }
        for claim in claims {
            let isVerdict = claim.state == .unreachable
            learn(isVerdict ? claim.claimed(.suspect) : claim, at: now, into: &effects)
        }
    }

    /// A node not known before: a member where the topology or a link vouches for it, else somebody
    /// to link to.
    private mutating func meet(_ claim: Member, at now: Instant, into effects: inout [Effect]) {
        if named.contains(claim.id) || linked.contains(claim.id) {
            admit(claim, at: now, into: &effects)
        } else if candidates.insert(claim, at: now) {
            effects.append(.meet(claim))
        }
    }

    /// A candidate is vouched for.
    mutating func confirm(_ id: NodeID, at now: Instant, into effects: inout [Effect]) {
        guard let member = candidates.remove(id) else { return }
        admit(member, at: now, into: &effects)
    }

    /// A member not known before. Strangers take no room that the topology may need, nor a name
    /// that it has given to another; and who is not known need not be forgotten.
    private mutating func admit(_ claim: Member, at now: Instant, into effects: inout [Effect]) {
        guard claim.state != .forgotten, rightfulOwner(of: claim) == nil else { return }
        let reserved = named.contains(claim.id) ? 0 : named.count { table[$0] == nil }
        guard table.count + 1 + reserved < options.memberLimit else { return }
        table[claim.id] = Belief(member: claim)
        rotation.insert(claim.id, random: &random)
        settle(claim, was: nil, at: now, into: &effects)
    }

    /// Draws the consequences of a new belief: news, a suspicion begun or ended, a name taken.
    private mutating func settle(
        _ member: Member, was old: Member?, at now: Instant, into effects: inout [Effect]
    ) {
        gossip.add(member.id)
        suspicions.removeAll { $0.id == member.id }
        if member.state == .suspect { suspect(member.id, at: now) }
        guard old.map({ !$0.agrees(with: member) }) ?? true else { return }
        effects.append(.memberChanged(member))
        if member.state == .alive { checkName(of: member, at: now, into: &effects) }
    }

    private mutating func suspect(_ id: NodeID, at now: Instant) {
        let timeout = options.suspicionTimeout(groupOf: table.count + 1)
        let suspicion = Suspicion(id: id, deadline: now + timeout)
        let index = suspicions.firstIndex { $0.deadline > suspicion.deadline }
        suspicions.insert(suspicion, at: index ?? suspicions.count)
    }

    /// Suspects that had their time are unreachable.
    mutating func endSuspicions(at now: Instant, into effects: inout [Effect]) {
        while let first = suspicions.first, first.deadline <= now {
            suspicions.removeFirst()
            guard let member = table[first.id]?.member else { continue }
            marks.occurred(.suspicionEnded)
            learn(member.claimed(.unreachable), at: now, into: &effects)
        }
    }

    /// Reports an epoch that is not ours, once in a period for each member: what comes of it is a
    /// ring on its way, and must not be had for a datagram each.
    mutating func noticeEpoch(
        _ seen: UInt64, of id: NodeID, at now: Instant, into effects: inout [Effect]
    ) {
        guard seen != epoch, var belief = table[id], now >= belief.epochSilentUntil else { return }
        marks.occurred(.epochDiffered)
        belief.epochSilentUntil = now + options.protocolPeriod
        table[id] = belief
        effects.append(.epochSeen(id, seen))
    }

    // MARK: This node

    /// A claim about this node: what is older than its word is stale, the rest is denied by a
    /// higher incarnation. After a restart that is how the node learns which one to use.
    private mutating func hearOfSelf(
        _ claim: Member, at now: Instant, into effects: inout [Effect]
    ) {
        guard claim.incarnation >= local.incarnation, claim != local else { return }
        if claim.leaps(beyond: local) {
            giveOwnWord(at: now, into: &effects)
            return
        }
        if claim.peerEndpoint != local.peerEndpoint, now >= identity.settledAt {
            guard now >= identity.silentUntil else { return }
            identity.silentUntil = now + options.conflictInterval
            reportTwin(at: claim.peerEndpoint, into: &effects)
        }
        guard claim.incarnation < Member.incarnationLimit else { return }
        marks.occurred(.denied)
        local.incarnation = claim.incarnation + 1
    }

    /// Says to everyone over its link how this node is. What others believe is out of reach of a
    /// denial: made up, or this node's own of an earlier life.
    private mutating func giveOwnWord(at now: Instant, into effects: inout [Effect]) {
        guard now >= identity.wordSilentUntil else { return }
        marks.occurred(.ownWordGiven)
        identity.wordSilentUntil = now + options.protocolPeriod
        for id in linked { sendOwnWord(to: id, into: &effects) }
    }

    /// A datagram under this node's own id: its own ping, through a seed or a member's address that
    /// leads back to it, or another node's.
    mutating func hearFromSelf(
        _ datagram: Datagram, from endpoint: Endpoint, at now: Instant,
        into effects: inout [Effect]
    ) {
        if let index = probes.firstIndex(where: { $0.sequence == datagram.sequence }) {
            guard case .seed(let seed) = probes[index].target else { return }
            seeds.removeAll { $0 == seed }
            probes.remove(at: index)
        } else if endpoint != local.peerEndpoint, now >= identity.silentUntil {
            identity.silentUntil = now + options.conflictInterval
            reportTwin(at: endpoint, into: &effects)
        }
    }

    private func reportTwin(at endpoint: Endpoint, into effects: inout [Effect]) {
        effects.append(
            .conflict(
                "another node runs with this node's identity \(local.id) at \(endpoint): stop one "
                    + "of them; a copied data directory needs a new identity"))
    }

    /// Names are for people, and must tell members apart.
    private mutating func checkName(
        of member: Member, at now: Instant, into effects: inout [Effect]
    ) {
        let others = [local] + table.beliefs.map(\.member)
        let namesake = others.first {
            $0.name == member.name && $0.id != member.id && $0.state == .alive
        }
        guard let namesake, var belief = table[member.id], now >= belief.conflictSilentUntil else {
            return
        }
        belief.conflictSilentUntil = now + options.conflictInterval
        table[member.id] = belief
        effects.append(
            .conflict(
                "two live nodes are named \(member.name): \(namesake.id) at "
                    + "\(namesake.peerEndpoint) and \(member.id) at \(member.peerEndpoint)"))
    }
}
