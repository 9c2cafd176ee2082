// Counting and merging a read's replies: a value without a process.
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// What the replicas of one read have said so far.
struct ReadTally {
    /// What one replica said.
    enum Reply: Hashable {
        case silent
        case object(Object)
        /// Context and dots; its values are large.
        case summary(Context, [Dot])
        case refused(RequestError)
    }

    struct Replica: Hashable {
        var part: Part
        var askedAt: Instant
        var reply = Reply.silent
        /// Up to where the replica knows the partition to be settled.
        var watermark = HybridTimestamp(bits: 0)

        var isSummary: Bool { if case .summary = reply { true } else { false } }
    }

    let requirement: ReadRequirement
    private(set) var replicas: [Replica] = []
    /// The merge of all that could be merged so far.
    private(set) var merged = Object()
    /// Bytes of the values that replicas have sent.
    private(set) var heldByteCount = 0

    init(requirement: ReadRequirement) {
        self.requirement = requirement
        replicas.reserveCapacity(requirement.n)
    }

    mutating func ask(_ part: Part, at now: Instant) {
        invariant(!replicas.contains { $0.part.node == part.node }, "\(part) asked twice")
        replicas.append(Replica(part: part, askedAt: now))
    }

    /// Notes a reply; false when the node was not asked or has answered in full before.
    ///
    /// A version that one home has removed, since it was replaced and settled, may still be held by
    /// another that has not heard of it: it is not shown.
    mutating func note(
        _ reply: Reply, by node: NodeID,
        settled watermark: HybridTimestamp = HybridTimestamp(bits: 0)
    ) -> Bool {
        guard let index = replicas.firstIndex(where: { $0.part.node == node }) else {
            return false
        }
        switch (replicas[index].reply, reply) {
        case (.silent, _), (.summary, .object), (.summary, .refused): break
        default: return false
        }
        replicas[index].reply = reply
        replicas[index].watermark = watermark
        if case .object(let object) = reply {
            merged.merge(object)
            heldByteCount += object.valueByteCount
        }
        // One that is merged may account for what another names: until nothing changes.
        while mergeSummaries() {}
        for replica in replicas where replica.watermark.bits > 0 {
            switch replica.reply {
            case .object(let object):
                merged.dropRemoved(by: object, settled: replica.watermark)
            case .summary(let context, _):
                merged.dropRemoved(by: context, settled: replica.watermark)
            case .silent, .refused: continue
            }
        }
        return true
    }

    /// A summary can be merged exactly once every dot in it is accounted for: its sibling is in
    /// hand, or has been seen and replaced. Returns whether that brought anything new.
    private mutating func mergeSummaries() -> Bool {
        guard replicas.contains(where: \.isSummary) else { return false }
        let before = merged
        for replica in replicas {
            guard case .summary(let context, let dots) = replica.reply, accountsFor(dots) else {
                continue
            }
            let siblings = merged.siblings.filter { dots.contains($0.dot) }
            guard let stripped = Object(context: context, siblings: siblings) else { continue }
            merged.merge(stripped)
        }
        return merged != before
    }

    private func accountsFor(_ dots: [Dot]) -> Bool {
        dots.allSatisfy { merged.covers($0) }
    }

    private func counts(_ replica: Replica) -> Bool {
        switch replica.reply {
        case .silent, .refused: false
        case .object: true
        case .summary(_, let dots): accountsFor(dots)
        }
    }

    var answeredCount: Int { replicas.count(where: counts) }

    /// Whether enough replicas have answered, and with values in hand.
    var isMet: Bool {
        answeredCount >= requirement.r
            && replicas.count { counts($0) && $0.part.standsInFor == nil } >= requirement.pr
    }

    /// Nodes whose summary names values that nobody has sent, when none is on its way in full.
    var unresolvedSummaries: [NodeID] {
        replicas.compactMap { replica in
            guard case .summary(_, let dots) = replica.reply, !accountsFor(dots) else { return nil }
            return replica.part.node
        }
    }

    var isSettled: Bool { replicas.allSatisfy { $0.reply != .silent } }
    /// Since when `node` has been asked and has said nothing; nil when neither holds.
    func silence(of node: NodeID) -> Instant? {
        replicas.first { $0.part.node == node && $0.reply == .silent }?.askedAt
    }

    /// Those that were asked and have said nothing, and since when.
    var silent: [(node: NodeID, since: Instant)] {
        replicas.filter { $0.reply == .silent }.map { ($0.part.node, $0.askedAt) }
    }
    /// Those that were asked.
    var nodes: some Sequence<NodeID> { replicas.lazy.map(\.part.node) }
    var refusal: RequestError? {
        for replica in replicas {
            if case .refused(let error) = replica.reply { return error }
        }
        return nil
    }

    /// Home replicas that answered and hold less than the merge.
    var behind: [NodeID] {
        replicas.compactMap { replica in
            guard replica.part.standsInFor == nil else { return nil }
            return agrees(replica) == false ? replica.part.node : nil
        }
    }

    /// Whether the replica holds the versions of the merge; nil while it has not answered. How much
    /// it covers besides is nobody's loss: it may have pruned what is settled.
    private func agrees(_ replica: Replica) -> Bool? {
        switch replica.reply {
        case .silent, .refused: nil
        case .object(let object): object.hasSameVersions(as: merged)
        case .summary(_, let dots): dots == merged.dots
        }
    }

    func evidence(coordinator: NodeID) -> Evidence {
        Evidence(
            coordinator: coordinator,
            witnesses: replicas.map { replica in
                var witness = replica.part
                if let agrees = agrees(replica) {
                    witness.act = agrees ? .agreed : .differed
                } else if case .refused = replica.reply {
                    witness.act = .refused
                }
                return witness
            })
    }
}
