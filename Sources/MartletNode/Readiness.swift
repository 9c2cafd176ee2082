// Whether a node that has started may let clients in: it has found every other node of its ring, or
// found out that it is away, or has waited long enough for word of it. Without this the first
// requests after a restart would be spent on finding peers, and time out.
internal import MartletBase

/// What a node still waits for before it is ready; then it is, for the rest of its life.
struct Readiness {
    /// Whether clients may be let in.
    private(set) var isReady = false
    /// When to be ready whatever is not known; `never` before the start and once it is.
    private(set) var deadline = Instant.never
    /// Nodes to which no link could be made, sorted.
    private var away: [NodeID] = []

    /// The node has started, and waits no longer than until `deadline`.
    mutating func start(until deadline: Instant) {
        self.deadline = deadline
    }

    /// A link broke or could not be made.
    mutating func linkFailed(_ node: NodeID) {
        guard !isReady else { return }
        let index = away.partitionIndex { $0 < node }
        if index == away.count || away[index] != node { away.insert(node, at: index) }
    }

    /// Whether the link to `node` was tried in vain.
    func isAway(_ node: NodeID) -> Bool {
        let index = away.partitionIndex { $0 < node }
        return index < away.count && away[index] == node
    }

    /// Nothing is waited for any more.
    mutating func conclude() {
        isReady = true
        deadline = .never
        away = []
    }
}
