// What a node remembers of the votes that it has given, as it starts.
internal import MartletBase
internal import MartletConsensus
internal import MartletStorage

/// How a node goes on voting.
struct BallotState {
    /// Under which name its ballots go: that of its dots, which is drawn anew where its disk is
    /// lost.
    let name: NodeID
    /// What its last life was bound to.
    let record: AcceptorRecord?
    /// Whether it may vote: not once its disk was lost, and what it had promised with it.
    let mayVote: Bool

    /// What `engine` remembers of the node that writes under `name`.
    init(_ engine: StorageEngine, name: NodeID) throws(NodeStateError) {
        self.name = name
        record = try engine.loadAcceptor()
        mayVote = engine.get(Self.lostKey) == .absent
    }

    /// Has `batch` say that what the node had promised is lost.
    static func putLoss(in batch: inout WriteBatch) { batch.put(lostKey, Bytes()) }

    private static let lostKey = StorageKey.state("lost-votes")
}
