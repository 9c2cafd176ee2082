// What the nodes of the topology have bound themselves to: below that no write is new any more, and
// where no hints are kept, none is on its way either.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// The latest promise of each node.
struct Promises {
    private var all: [NodeID: Promise] = [:]

    /// Takes in what `node` has promised. One that is older than the last was overtaken.
    mutating func take(_ promise: Promise, of node: NodeID) {
        if let known = all[node], known.floor > promise.floor { return }
        all[node] = promise
    }

    /// The least that any of `nodes` has promised; nil where none has. Nothing can be proven beyond
    /// it. O(nodes).
    func least(among nodes: [NodeID]) -> HybridTimestamp? {
        nodes.compactMap { all[$0]?.floor }.min()
    }

    /// Why nothing can be proven of a partition.
    enum Obstacle: Hashable {
        /// That node has promised nothing yet.
        case silent(NodeID)
        /// That node keeps hints in the partition.
        case hinting(NodeID)
    }

    /// Up to where all `nodes` have promised, none of them with hints in `partition`: no version as
    /// old can be anywhere but at the homes. O(nodes log hints).
    func floor(
        of partition: UInt16, among nodes: [NodeID]
    ) -> Result<HybridTimestamp, Obstacle> {
        var least: HybridTimestamp?
        for node in nodes {
            guard let promise = all[node] else { return .failure(.silent(node)) }
            let index = promise.hinted.partitionIndex { $0 < partition }
            if index < promise.hinted.count, promise.hinted[index] == partition {
                return .failure(.hinting(node))
            }
            least = min(least ?? promise.floor, promise.floor)
        }
        return .success(least ?? HybridTimestamp(bits: 0))
    }
}

extension Promises.Obstacle: Error {}
