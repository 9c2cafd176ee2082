// What a node remembers of the votes that it has given, as it starts.
internal import MartletBase
internal import MartletConsensus
internal import MartletStorage

/// How a node goes on voting.
struct BallotState {
    /// Under which name its ballots go: that of its dots, which is drawn anew where its disk is
    /// lost.
    let name: NodeID
    /// Which disk the ring has to name for the node to vote: one that has lost its disk has lost
    /// what it had promised, and votes on what comes after a ring that knows of it.
    let disk: UInt64
    /// What its last life was bound to.
    let record: AcceptorRecord?

    /// What `engine` remembers of the node `id` that writes under `name`.
    init(_ engine: StorageEngine, of id: NodeID, name: NodeID) throws(NodeStateError) {
        self.name = name
        disk = name == id ? 0 : name.rawValue
        record = try engine.loadAcceptor()
    }
}
