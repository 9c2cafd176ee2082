// How programs change the ring: the steps of `martlet cluster` as calls.
internal import MartletBase

/// One thing that is to change about a cluster. Nodes are named by their names or identities.
public enum ClusterChange: Hashable, Sendable {
    /// A node that runs and is of no ring joins.
    case join(String)
    /// A member that runs leaves, once it has handed over all that it holds.
    case leave(String)
    /// A member is gone for good: its copies are made again from the others', and what it alone
    /// held is lost.
    case remove(String)
    /// A member leaves, and a node that is of no ring takes its place.
    case replace(String, by: String)
    /// A member gets another weight: its share relative to others'.
    case weigh(String, weight: UInt32)
    /// A member stands in another zone.
    case rezone(String, zone: String)
    /// Each partition gets so many homes.
    case replicas(Int)

    var words: [String] {
        switch self {
        case .join(let node): ["JOIN", node]
        case .leave(let node): ["LEAVE", node]
        case .remove(let node): ["REMOVE", node]
        case .replace(let node, let heir): ["REPLACE", node, heir]
        case .weigh(let node, let weight): ["WEIGHT", node, "\(weight)"]
        case .rezone(let node, let zone): ["ZONE", node, zone]
        case .replicas(let count): ["REPLICAS", "\(count)"]
        }
    }
}

/// Changes are staged at the one node that the client reaches, and are that node's alone until they
/// are committed: a program that stages and commits should connect to a single endpoint.
extension MartletClient {
    /// How long the members may take to decide: longer than a node tries.
    private static let decisionTimeout = Duration.seconds(15)

    /// Stages a change behind those that are staged; gives back all of them, in words.
    ///
    /// - Throws: `refused` where the change cannot be made, with the reason.
    @discardableResult
    public func stage(_ change: ClusterChange) async throws(MartletError) -> [String] {
        let (reply, _) = try await ask(change.words)
        guard case .array(let changes) = reply else { return [] }
        return changes.compactMap(\.text)
    }

    /// Has the node forget what is staged there.
    public func clearStaged() async throws(MartletError) {
        _ = try await ask(["CLEAR"])
    }

    /// What the staged changes come to, as JSON: what `martlet cluster plan --json` prints.
    public func planStaged() async throws(MartletError) -> [UInt8] {
        let (reply, endpoint) = try await ask(["PLAN"])
        guard case .bytes(let json) = reply else { throw Self.unreadable(endpoint) }
        return json
    }

    /// Has the members decide that the staged changes are the next epoch; partitions move from then
    /// on. Gives back the epoch.
    ///
    /// - Parameter epoch: The epoch that the plan was made for: refused where another change came
    ///   between. Nil for whichever is the next.
    /// - Throws: `refused` with the reason: nothing is staged, another change was first, or too few
    ///   members answer.
    @discardableResult
    public func commitStaged(epoch: UInt64? = nil) async throws(MartletError) -> UInt64 {
        try await decide(["COMMIT"] + (epoch.map { ["\($0)"] } ?? []))
    }

    /// Has the members decide that what moves goes back to where it was; gives back the epoch.
    ///
    /// - Throws: `refused` with the reason: nothing moves, or as `commitStaged`.
    @discardableResult
    public func cancelMoves() async throws(MartletError) -> UInt64 {
        try await decide(["CANCEL"])
    }

    private func decide(_ words: [String]) async throws(MartletError) -> UInt64 {
        let (reply, endpoint) = try await ask(words)
        guard case .status(let text) = reply, let word = text.split(separator: " ").last,
            let epoch = UInt64(word)
        else { throw Self.unreadable(endpoint) }
        return epoch
    }

    private func ask(
        _ words: [String]
    ) async throws(MartletError) -> (reply: Reply, endpoint: String) {
        try await exchange(
            (["MARTLET.CLUSTER"] + words).map { Bytes(text: $0) }, isRead: false,
            timeout: Self.decisionTimeout)
    }

    private static func unreadable(_ endpoint: String) -> MartletError {
        MartletError(
            .unreadableReply,
            "the reply is not one that this client can read: is the node of another version?",
            endpoint: endpoint)
    }
}
