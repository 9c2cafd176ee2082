// What a watermark says about an object. Every version up to it has been held, synced, by every
// home of its partition: one that a home neither holds nor covers was replaced and removed there,
// and must not come back; a tombstone up to it has told everybody, and may go.
public import MartletBase

extension Object {
    /// Whether it holds no value for good once time has passed: each sibling is a tombstone or will
    /// expire. The moment from which all of them are absent; nil where one stays.
    public var mortalFrom: WallTime? {
        if outline.holdsLasting { return nil }
        var from = WallTime(milliseconds: 0)
        if holdsValue {
            forEachSibling { sibling in
                if sibling.value != nil, let expiry = sibling.expiry { from = max(from, expiry) }
            }
        }
        return from
    }

    /// What of the object is news to a home that has seen of the key what `known` has, under a
    /// `watermark` that it may trust; nil where that is nothing. A sibling up to the watermark that
    /// the home does not cover was there, was replaced, and its replacement was removed too.
    ///
    /// Gonçalves et al., "DottedDB" (SRDS 2017), settle it by a clock per node instead; a timestamp
    /// for each partition costs eight bytes whatever the number of actors. O(siblings × context).
    public func news(to known: some Covering, settled watermark: HybridTimestamp) -> Object? {
        if siblingCount == 0 { return !isEmpty && horizon <= watermark ? nil : self }
        var rest = self
        rest.dropRemoved(by: known, settled: watermark)
        return rest.siblingCount == 0 ? nil : rest
    }

    /// Drops the siblings of which a home is known to have seen and removed the last trace: those
    /// up to its `watermark` that it, holding `known`, does not cover.
    public mutating func dropRemoved(by known: some Covering, settled watermark: HybridTimestamp) {
        if outline.earliest > watermark { return }
        keepSiblings(where: { $0.timestamp > watermark || known.covers($0.dot) })
    }

    /// Drops tombstones up to `watermark` that stand beside other siblings: every home has them, so
    /// nothing is left for them to delete.
    public mutating func dropSettledTombstones(_ watermark: HybridTimestamp) {
        guard siblingCount > 1, outline.earliest <= watermark else { return }
        let stays = { (sibling: SiblingPlace) in
            sibling.value != nil || sibling.timestamp > watermark
        }
        if contains(where: stays) { keepSiblings(where: stays) }
    }

    /// Forgets the actors of which nothing is left but what was replaced, where all that the object
    /// covers is settled up to `watermark`: a context guards against versions that are yet to
    /// come, and none can. What comes all the same is as old as the watermark and not covered, so
    /// that `news` and `dropRemoved` take it for what it is. Without this a context grows by an
    /// actor with each crash of a home. O(siblings × context), O(1) where nothing is to go.
    public mutating func pruneSettled(_ watermark: HybridTimestamp) {
        guard actorCount > siblingCount, siblingCount > 0, horizon <= watermark else { return }
        forgetActorsOfReplaced()
    }

    /// Whether the last trace of the key may go: nothing that it covers is later than `watermark`,
    /// and no value is left at `wall`.
    public func isRemovable(under watermark: HybridTimestamp, at wall: WallTime) -> Bool {
        guard let from = mortalFrom else { return false }
        return horizon <= watermark && from <= wall
    }
}
