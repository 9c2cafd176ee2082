// No acknowledged write is lost: what the nodes hold, hints included, stands for every write that
// was acknowledged by a node which still has what it had. With `dw`, that is every node that
// synced it.
internal import MartletBase
internal import MartletVersions

/// Checks every acknowledged write against the versions that survive.
struct AcknowledgedWritesCheck {
    /// The promise that is broken where a write is lost.
    let promise: Promise
    /// For each key, the dots of all siblings anywhere in the cluster.
    let surviving: [[Dot]]
    let losses: Losses

    func run(_ history: History) -> Finding? {
        let held = surviving.enumerated().map { key, dots in
            history.held(dots, key: key, against: [0])
        }
        let lost = history.acknowledged.first {
            !held[$0.key].covers($0.place) && !history.isBuried($0.place, key: $0.key)
                && $0.isKept(losses, history)
        }
        return lost.map { Finding(promise, witness($0, history)) }
    }

    private func witness(_ write: Acknowledgement, _ history: History) -> String {
        let holders = write.holders.map { "node \($0.node + 1)\($0.isSynced ? " (synced)" : "")" }
        let left = surviving[write.key].map { dot in
            let number = history.versions[dot]?.operation.map { "w\($0)" } ?? "?"
            return "\(number) \(dot)"
        }
        return "write w\(write.operation) of key \(write.key), \(write.dot), acknowledged at "
            + "\(EventLog.seconds(write.at))s by \(holders.joined(separator: ", ")), is gone; the "
            + "key holds \(left.isEmpty ? "nothing" : left.joined(separator: ", "))"
    }
}

extension Acknowledgement {
    /// Whether a node that acknowledged the write still has what it had: its disk is sound, and it
    /// has not crashed since, or had synced it as far as its sync mode goes.
    func isKept(_ losses: Losses, _ history: History) -> Bool {
        holders.contains { keeps($0, losses, history) }
    }

    /// How many of `homes` acknowledged it for themselves and have it still.
    func keepers(among homes: [Int], _ losses: Losses, _ history: History) -> Int {
        holders.count {
            $0.isHome && homes.contains($0.node) && keeps($0, losses, history)
        }
    }

    /// A stand-in lets go of its copy once the home has taken it: both disks count.
    private func keeps(_ holder: Holder, _ losses: Losses, _ history: History) -> Bool {
        let began = history.operations[operation].began
        if let home = holder.standsInFor, !losses.keepsDisk(home, since: began) { return false }
        return losses.keeps(
            holder.node, isSynced: holder.isSynced, began: began, acknowledged: at)
    }
}
