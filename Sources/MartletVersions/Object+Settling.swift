// What a watermark says about an object. Every version up to it has been held, synced, by every
// home of its partition: one that a home neither holds nor covers was replaced and removed there,
// and must not come back; a tombstone up to it has told everybody, and may go.
public import MartletBase

extension Object {
    /// Whether it holds no value for good once time has passed: each sibling is a tombstone or will
    /// expire. The moment from which all of them are absent; nil where one stays.
    public var mortalFrom: WallTime? {
        var from = WallTime(milliseconds: 0)
        for sibling in siblings {
            if case .tombstone = sibling.content { continue }
            guard let expiry = sibling.expiry else { return nil }
            if from < expiry { from = expiry }
        }
        return from
    }

    /// What of the object is news to a home that holds `known` of the key, under a `watermark` that
    /// it may trust; nil where that is nothing. A sibling up to the watermark that the home does
    /// not cover was there, was replaced, and its replacement was removed too.
    ///
    /// Gonçalves et al., "DottedDB" (SRDS 2017), settle it by a clock per node instead; a timestamp
    /// for each partition costs eight bytes whatever the number of actors. O(siblings log context).
    public func news(to known: Context, settled watermark: HybridTimestamp) -> Object? {
        let isOld = { (sibling: Sibling) in
            sibling.timestamp <= watermark && !known.covers(sibling.dot)
        }
        if !siblings.contains(where: isOld) {
            return siblings.isEmpty && !isEmpty && context.horizon <= watermark ? nil : self
        }
        let rest = siblings.filter { !isOld($0) }
        return rest.isEmpty ? nil : Object(context: context, siblings: rest)
    }

    /// Drops the siblings of which a home is known to have seen and removed the last trace: those
    /// up to its `watermark` that it, holding `known`, does not cover.
    public mutating func dropRemoved(by known: Context, settled watermark: HybridTimestamp) {
        keepSiblings(where: { $0.timestamp > watermark || known.covers($0.dot) })
    }

    /// Drops tombstones up to `watermark` that stand beside other siblings: every home has them, so
    /// nothing is left for them to delete.
    public mutating func dropSettledTombstones(_ watermark: HybridTimestamp) {
        guard siblings.count > 1 else { return }
        let isSettled = { (sibling: Sibling) in
            sibling.content == .tombstone && sibling.timestamp <= watermark
        }
        if siblings.allSatisfy(isSettled) { return }
        keepSiblings(where: { !isSettled($0) })
    }

    /// Forgets the actors of which nothing is left but what was replaced, where all that the object
    /// covers is settled up to `watermark`: a context guards against versions that are yet to
    /// come, and none can. What comes all the same is as old as the watermark and not covered, so
    /// that `news` and `dropRemoved` take it for what it is. Without this a context grows by an
    /// actor with each crash of a home. O(siblings × context), O(1) where nothing is to go.
    public mutating func pruneSettled(_ watermark: HybridTimestamp) {
        guard context.entries.count > siblings.count, !siblings.isEmpty,
            context.horizon <= watermark
        else { return }
        forgetActorsOfReplaced()
    }

    /// Whether the last trace of the key may go: nothing that it covers is later than `watermark`,
    /// and no value is left at `wall`.
    public func isRemovable(under watermark: HybridTimestamp, at wall: WallTime) -> Bool {
        guard let from = mortalFrom else { return false }
        return context.horizon <= watermark && from <= wall
    }
}
