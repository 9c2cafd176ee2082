// Members that are gone for good, as an operator names them.
internal import MartletBase
internal import MartletMembership
internal import MartletRing
internal import MartletWire

extension ControlCore {
    /// Has the cluster forget the member called `text`, a name or an identity: one that no ring
    /// names and that is not alive. Nil where that is done, else why not and what to do.
    mutating func forget(
        _ text: String, _ view: inout ControlView, at now: Moment, into work: inout Work
    ) -> String? {
        let meant = NodeID(text)
        let found = membership.members.filter { $0.id == meant || $0.name == text }
        let strangers = found.filter { view.topology?.member($0.id) == nil }
        guard let member = strangers.first ?? found.first else {
            return "no member \(text) is known here: see 'martlet ring'"
        }
        if strangers.count > 1 {
            let ids = strangers.map(\.id.description).joined(separator: ", ")
            return "several members are named \(text): say which of \(ids)"
        }
        let refusal = membership.forget(member.id, at: now.instant, into: &effects)
        drain(&view, at: now, into: &work)
        switch refusal {
        case nil: return nil
        case .unknown: return "no member \(text) is known here: see 'martlet ring'"
        case .local: return "\(member.name) is this node: stop it, and ask another"
        case .named:
            return "\(member.name) is of the ring: while its disk is whole it comes back, and else "
                + "goes on with 'martlet start --in-place-of \(member.id)'"
        case .answers(let state):
            return "\(member.name) is \(state): stop it first, and wait until it is unreachable"
        }
    }
}
