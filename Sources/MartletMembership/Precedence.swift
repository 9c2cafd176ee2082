// Which of two claims about one member counts (SWIM, section 4.2), and nothing else.
//
// Claims are ordered by incarnation, then alive < suspect < unreachable < forgotten: only the
// member itself raises its incarnation, so a higher one is news from the member, and within one
// incarnation the graver word wins. SWIM's `confirm` is final and outdoes every incarnation; ours
// is not, so that a member taken for lost by a partition comes back by denying it, under its own
// name.
internal import MartletWire

extension Member {
    /// Whether this claim replaces `belief` about the same member. A strict order: of two
    /// different claims never both, and none replaces itself.
    func supersedes(_ belief: Member) -> Bool {
        (incarnation, state) > (belief.incarnation, belief.state)
    }

    /// Whether it is out of reach of `belief` about the same member: no sequence of denials that
    /// anybody could have missed leads from there to here.
    func leaps(beyond belief: Member) -> Bool {
        incarnation > belief.incarnation
            && incarnation - belief.incarnation > Membership.incarnationStep
    }

    /// This claim with another state.
    func claimed(_ state: MemberState) -> Member {
        var claim = self
        claim.state = state
        return claim
    }

    /// Whether both say the same of the member, whatever their incarnations.
    func agrees(with other: Member) -> Bool {
        var other = other
        other.incarnation = incarnation
        return self == other
    }
}
