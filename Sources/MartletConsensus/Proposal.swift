// The proposer of Paxos, without sending: one proposal of this node through all its attempts. It
// counts who has answered and says when a majority has.
internal import MartletBase
internal import MartletRing
internal import MartletWire

/// A ring that this node wants decided, and how far its present attempt is.
///
///     preparing ──majority promised──▶ accepting ──majority accepted──▶ decided
///         ▲                                │
///         └── next attempt, higher ballot ─┘
struct Proposal: Sendable {
    /// What the present attempt waits for.
    enum Phase: Sendable {
        /// Promises; and of what they tell to be accepted already, that of the highest ballot.
        case preparing(AcceptedDecree?)
        /// Acceptance of this ring.
        case accepting(Topology)
    }

    let id: ProposalID
    /// What is to be the next epoch.
    let wanted: Topology
    /// How many votes are a majority.
    let needed: Int
    /// When it is given up.
    let deadline: Instant
    /// That of the present attempt.
    private(set) var ballot = Ballot.lowest
    private(set) var phase = Phase.preparing(nil)
    /// Who has given its vote in the present phase, sorted.
    private(set) var voters: [NodeID] = []
    /// Who has given any answer in any attempt, sorted.
    private(set) var answered: [NodeID] = []
    /// The highest ballot that was in the way of one of its own.
    private(set) var highest = Ballot.lowest
    /// How many attempts were begun.
    private(set) var attempts = 0
    /// When the next attempt begins; votes of the present one count until then.
    private(set) var nextAttempt: Instant
    private var isRefused = false
    /// Whether an acceptor was ever asked to accept what is wanted: then it may be decided, by
    /// whoever goes on with it, however this proposal ends.
    private(set) var isOffered = false

    init(
        _ id: ProposalID, wanted: Topology, needed: Int, deadline: Instant, startingAt now: Instant
    ) {
        self.id = id
        self.wanted = wanted
        self.needed = needed
        self.deadline = deadline
        nextAttempt = now
    }

    /// Begins an attempt in `ballot`, which nobody has used; the next is due at `nextAttempt`.
    mutating func begin(_ ballot: Ballot, nextAttempt: Instant) {
        invariant(ballot > self.ballot, "ballot \(ballot) after \(self.ballot)")
        self.ballot = ballot
        self.nextAttempt = nextAttempt
        attempts += 1
        phase = .preparing(nil)
        voters = []
        isRefused = false
    }

    /// No attempt is to follow.
    mutating func end() { nextAttempt = .never }

    /// That node answers.
    mutating func heard(from node: NodeID) { Self.insert(node, into: &answered) }

    /// A promise in the present ballot. What all are to accept now, once a majority has promised:
    /// what was accepted in the highest ballot before, so that a decision stays one (§2.2,
    /// condition P2c), and what is wanted only where nothing was.
    mutating func promised(by node: NodeID, accepted: AcceptedDecree?) -> Topology? {
        guard case .preparing(var latest) = phase else { return nil }
        if let accepted, accepted.ballot > latest?.ballot ?? .lowest { latest = accepted }
        phase = .preparing(latest)
        Self.insert(node, into: &voters)
        guard voters.count >= needed else { return nil }
        let decree = latest?.topology ?? wanted
        phase = .accepting(decree)
        voters = []
        if decree == wanted { isOffered = true }
        return decree
    }

    /// An acceptance in the present ballot. What is decided, once a majority has accepted.
    mutating func accepted(by node: NodeID) -> Topology? {
        guard case .accepting(let decree) = phase else { return nil }
        Self.insert(node, into: &voters)
        return voters.count >= needed ? decree : nil
    }

    /// A higher ballot was in the way of the present one: the next attempt comes soon, but leaves
    /// the other proposer some time, which `wait` draws. The first refusal of an attempt alone
    /// draws.
    mutating func refused(by other: Ballot, at now: Instant, wait: () -> Duration) {
        highest = max(highest, other)
        if isRefused { return }
        isRefused = true
        nextAttempt = min(nextAttempt, now + wait())
    }

    /// How it ends where nothing was decided in time.
    var failure: ProposalOutcome {
        if isOffered { return .unknown }
        return answered.count < needed
            ? .noMajority(answered: answered, needed: needed) : .contended
    }

    /// How it ends now that `ring` is known to have been decided.
    func outcome(under ring: Topology) -> ProposalOutcome {
        if ring == wanted { return .decided }
        // Of the epochs between, this node knows nothing.
        return ring.epoch > wanted.epoch && isOffered ? .unknown : .overtaken
    }

    private static func insert(_ node: NodeID, into nodes: inout [NodeID]) {
        let index = nodes.partitionIndex { $0 < node }
        if index == nodes.count || nodes[index] != node { nodes.insert(node, at: index) }
    }
}
