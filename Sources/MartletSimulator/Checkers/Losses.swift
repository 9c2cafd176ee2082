// Which nodes may have lost what they once held: what no promise can ask back of them.
internal import MartletBase

/// What the nodes' crashes and disks have taken, or may have.
struct Losses {
    /// When each node last crashed; `start` for never.
    let crashedAt: [Instant]
    /// Whether each node's disk has been at fault: then nothing that it holds is counted on, even
    /// what it wrote later.
    let isDamaged: [Bool]
    /// When each node last lost its disk, with all that it held then; nil for never.
    let lostDiskAt: [Instant?]

    init(_ nodes: [SimulatedNode]) {
        crashedAt = nodes.map(\.crashedAt)
        isDamaged = nodes.map(\.isDamaged)
        lostDiskAt = nodes.map(\.lostDiskAt)
    }

    /// Whether a node's disk has everything that was synced to it after `instant`.
    func keepsDisk(_ node: Int, since instant: Instant) -> Bool {
        !isDamaged[node] && lostDiskAt[node].map { $0 < instant } ?? true
    }

    /// Whether a node has everything that it took in after `instant`, synced or not.
    func spared(_ node: Int, since instant: Instant) -> Bool {
        !isDamaged[node] && crashedAt[node] < instant
    }
}
