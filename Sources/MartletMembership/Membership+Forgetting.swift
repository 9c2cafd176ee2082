// How members go for good, which by itself none does: an operator has one forgotten that is gone
// and that no ring names. The word spreads as the gravest claim of its incarnation, so that what
// others still gossip of the member does not bring it back; the member itself can, alive, by a
// higher one. And how nobody becomes a member under a name that the ring has given to another.
public import MartletBase
public import MartletWire

extension Membership {
    /// How long a forgotten member is remembered as such: by then everybody has heard it.
    public static let forgottenMemory = Duration.seconds(3_600)

    /// Why a member is not forgotten.
    public enum ForgetRefusal: Hashable, Sendable {
        /// Nobody of that identity is known.
        case unknown
        /// It is this node.
        case local
        /// The ring names it.
        case named
        /// It is not believed unreachable.
        case answers(MemberState)
    }

    /// Forgets the member `id`; nil where that is done.
    public mutating func forget(
        _ id: NodeID, at now: Instant, into effects: inout [Effect]
    ) -> ForgetRefusal? {
        if id == local.id { return .local }
        guard let member = table[id]?.member, member.state != .forgotten else { return .unknown }
        if named.contains(id) { return .named }
        if member.state != .unreachable { return .answers(member.state) }
        learn(member.claimed(.forgotten), at: now, into: &effects)
        return nil
    }

    /// Whether `claim`, that a member is forgotten, is to be believed beside `belief`: of those who
    /// answer, or whom the ring names, it is a mistake.
    func mayForget(_ claim: Member, over belief: Member) -> Bool {
        belief.state == .unreachable && !named.contains(claim.id)
    }

    /// Drops what has been remembered long enough.
    mutating func endForgetting(at now: Instant) {
        for belief in table.beliefs where belief.forgottenUntil <= now {
            let id = belief.member.id
            table.remove(id)
            rotation.remove(id)
            gossip.remove(id)
        }
    }

    // MARK: Names

    /// The node that the ring knows under the name of `claim`; nil where that is the claimant, or
    /// nobody.
    func rightfulOwner(of claim: Member) -> NodeID? {
        guard !named.contains(claim.id) else { return nil }
        return ringNames.first { $0.name == claim.name && $0.id != claim.id }?.id
    }

    /// Tells a sender that the ring knows another node under its name, instead of an answer.
    func denyName(_ datagram: Datagram, at endpoint: Endpoint, into effects: inout [Effect]) -> Bool
    {
        guard let claim = datagram.members.first, claim.id == datagram.sender,
            let owner = rightfulOwner(of: claim)
        else { return false }
        let denial = Datagram(
            sender: local.id, sequence: datagram.sequence, epoch: epoch,
            kind: .nameTaken(by: owner), members: [])
        effects.append(.sendDatagram(denial, to: endpoint))
        return true
    }

    /// A node that this one has pinged says whose its name is. Whoever could not answer the ping
    /// does not know its sequence.
    mutating func receiveDenial(
        _ datagram: Datagram, owner: NodeID, into effects: inout [Effect]
    ) {
        guard probes.contains(where: { $0.sequence == datagram.sequence }), owner != local.id
        else { return }
        effects.append(.nameTaken(by: owner))
    }
}
