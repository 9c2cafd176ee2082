// The questions a node has asked and not yet closed: its own probes, and the pings it relays for
// others. Only what is listed here can be answered; any other ack is dropped.
internal import MartletBase
internal import MartletWire

/// One probe and how far it has come.
///
///     direct ──timeout──▶ indirect ──timeout──▶ closed, the member suspected and probed anew
///        │                    │
///        └───────ack──────────┴──▶ answered ──▶ closed at the same time as unanswered ones
///
///     outreach ──ack──▶ answered, or closed without consequence
struct Probe: Sendable {
    /// Whom it asks.
    enum Target: Hashable, Sendable {
        /// A member, as it was believed to be when the probe began.
        case member(Member)
        /// Whoever lives there.
        case seed(Endpoint)
    }

    /// How far it has come.
    enum Phase: Hashable, Sendable {
        /// The target was pinged.
        case direct
        /// Helpers were asked to ping it.
        case indirect
        /// A member that is unreachable, or a seed: nothing is suspected if it stays silent.
        case outreach
        /// It, or a helper on its behalf, has answered.
        case answered
    }

    let target: Target
    let sequence: UInt64
    let startedAt: Instant
    var phase: Phase
    /// When the phase ends.
    var deadline: Instant
    /// Who was asked to ping it.
    var helpers: [NodeID] = []

    /// The member asked; nil for a seed.
    var member: Member? {
        if case .member(let member) = target { member } else { nil }
    }

    /// Whether an ack from `sender` can be an answer to it.
    func awaits(_ sender: NodeID) -> Bool {
        guard let member else { return true }
        return sender == member.id || helpers.contains(sender)
    }
}

/// A ping sent because another member asked for it.
struct Relay: Sendable {
    /// The sequence of our ping.
    let sequence: UInt64
    /// Whom we pinged.
    let target: NodeID
    /// Who asked, and under which sequence it waits for the answer.
    let requester: Endpoint
    let requesterSequence: UInt64
    /// When the answer is of no more use.
    let deadline: Instant
}

/// A member that has until `deadline` to deny that it failed.
struct Suspicion: Sendable {
    let id: NodeID
    var deadline: Instant
}
