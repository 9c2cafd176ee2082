// What there is to do with what this node holds of one key. How and when it is done is in
// `Replication+KeyTasks`.
internal import MartletBase
internal import MartletRing
internal import MartletStorage
internal import MartletVersions
internal import MartletWire

/// One step at one key: all that replication does to stored state is one of these. What is large is
/// indirect, since a task is moved about more often than it is made.
enum KeyTask {
    /// Hold a version for another node, which waits until then.
    indirect case hold(ReplicaPut, for: Peer, until: Instant)
    /// Hold an object of a parcel, which is known by that number.
    case accept(Object, parcel: UInt64)
    /// Show another node what is held.
    case show(ReplicaGet, to: Peer)
    /// Take this node's own part in a get.
    case read(OperationID)
    /// Coordinate a put, from its first write on.
    indirect case coordinate(PutRequest)
    /// The same for a put that had to wait: it is in flight as `Operation.waiting`.
    case coordinateWaiting(OperationID)
    /// Merge what a read found to be missing here.
    case repair(Object)
    /// Mark that a write is owed to homes, by this node as a home or in the place of `heldFor`.
    case owe(Object, to: [NodeID], heldFor: NodeID?)
    /// Send a hint home, with the object that it stands for.
    case deliver(OperationID)
    /// Take over a hint with these bytes as a home: the one that it was kept for is none any more.
    case inherit(StorageKey, Bytes)
    /// Send what is held to another home, which an exchange found to lack it.
    case push(OperationID)
    /// Remove the object if it is settled and has held no value since.
    case remove(absentSince: WallTime)
    /// Drop what another home has removed.
    case discard(RemovedVersions)
    /// Forget a hint that its home has acknowledged, if it still carries these bytes.
    case forget(StorageKey, ifStill: Bytes)

    /// Homes for which the task may read a hint, beside the homes of the key.
    var homes: [NodeID] {
        switch self {
        case .hold(let put, _, _): put.heldFor.map { [$0] } ?? []
        case .owe(_, let homes, let heldFor): homes + (heldFor.map { [$0] } ?? [])
        case .forget(let key, _), .inherit(let key, _): key.home.map { [$0] } ?? []
        case .accept, .show, .read, .coordinate, .coordinateWaiting, .repair, .deliver, .push,
            .remove, .discard:
            []
        }
    }
}
