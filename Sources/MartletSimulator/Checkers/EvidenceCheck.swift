// Honest evidence: an acknowledgement names as many holders as were asked for, and each of them
// holds the write, in memory or on disk as it says. A write whose last trace has gone meanwhile, as
// that of a delete does once every home has it, is held by nobody any more.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions

/// Checks the evidence of one acknowledged write against what the nodes hold at that moment.
struct EvidenceCheck {
    /// A node that is said to hold the write.
    struct Holder {
        var node: Int
        var isSynced: Bool
        /// The home that it stands in for, with the entry in which it keeps the hint.
        var standsInFor: (home: Int, hint: StorageKey)?
        /// The homes that there are, where it, or that home, is none any more: they have it before
        /// it is dropped.
        var heirs: [Int] = []
    }

    let dot: Dot
    let object: StorageKey
    let holders: [Holder]
    /// Whether the write was removed for good, or replaced by one that was.
    let isBuried: Bool

    /// Nodes that have crashed since the request began may have lost what they had not synced,
    /// those with a damaged disk anything. `now` is when the client is told.
    func run(
        _ operation: Operation, mirror: ReplicaMirror, _ losses: Losses, now: Instant
    ) -> Finding? {
        let synced = holders.count { $0.isSynced }
        let atHome = holders.count { $0.standsInFor == nil }
        if holders.count < operation.needed || synced < operation.neededSynced
            || atHome < operation.neededHomes
        {
            return Finding(
                .honestEvidence,
                "\(dot) was acknowledged by \(holders.count) nodes, \(synced) of them synced and "
                    + "\(atHome) at home; \(operation.needed), \(operation.neededSynced) and "
                    + "\(operation.neededHomes) were asked for"
            )
        }
        if isBuried { return nil }
        for holder in holders where isAnswerable(holder, losses, since: operation.began, now) {
            if !holds(holder, mirror) {
                let act = holder.isSynced ? "have synced" : "hold"
                return Finding(
                    .honestEvidence,
                    "node \(holder.node + 1) is said to \(act) \(dot) of \(object) and does not")
            }
        }
        return nil
    }

    private func isAnswerable(
        _ holder: Holder, _ losses: Losses, since began: Instant, _ now: Instant
    ) -> Bool {
        if let (home, _) = holder.standsInFor, !losses.keepsDisk(home, since: began) {
            return false
        }
        return losses.keeps(
            holder.node, isSynced: holder.isSynced, began: began, acknowledged: now)
    }

    /// A stand-in may have brought the write home since.
    private func holds(_ holder: Holder, _ mirror: ReplicaMirror) -> Bool {
        func holds(under key: StorageKey) -> Bool {
            mirror.covers(dot, under: key, at: holder.node)
                && !(holder.isSynced && mirror.awaitsLog(dot, under: key, at: holder.node))
        }
        if holder.heirs.contains(where: { mirror.covers(dot, under: object, at: $0) }) {
            return true
        }
        guard let (home, hint) = holder.standsInFor else { return holds(under: object) }
        return holds(under: hint) || mirror.covers(dot, under: object, at: home)
    }
}
