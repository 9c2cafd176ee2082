// Hints are conserved: one goes only when its home has what it carries on disk, and what the mirror
// has counted agrees with what the nodes say they keep.
internal import MartletBase
internal import MartletStorage
internal import MartletVersions

/// Checks a hint that its node has just let go.
struct HintReleaseCheck {
    let hint: StorageKey
    let carried: Object
    /// What the home holds of the key.
    let atHome: Object
    /// When the home lost its disk: what was written before then it may have had, and lost.
    let homeLostDiskAt: Instant?
    /// What the home holds of the key and has not on disk, whatever its sync mode.
    let unsynced: [Dot]
    /// The number of its key; nil for one that no client writes.
    let number: Int?

    /// A hint of what has been removed for good brings nothing.
    func run(_ history: History) -> Finding? {
        if let dot = carried.dots.first(where: unsynced.contains) {
            return Finding(
                .hintsConserved,
                "the hint \(hint) was let go with \(carried.dots), and its home does not have "
                    + "\(dot) on disk yet")
        }
        var merged = atHome
        merged.merge(carried)
        if merged.dots == atHome.dots { return nil }
        if let number {
            let carriedPlaces = history.places(
                of: carried.dots.filter { !history.hasBegun($0, by: homeLostDiskAt) }, key: number)
            let held = history.held(atHome.dots, key: number, against: carriedPlaces)
            let isStale = carriedPlaces.allSatisfy {
                held.covers($0) || history.isBuried($0, key: number)
            }
            let isBuried = carriedPlaces.contains { history.isBuried($0, key: number) }
            if isStale, isBuried || homeLostDiskAt != nil { return nil }
        }
        return Finding(
            .hintsConserved,
            "the hint \(hint) was let go with \(carried.dots), and its home holds \(atHome.dots) "
                + "under \(atHome.context)"
        )
    }
}

/// Checks the sums: kept and returned = released, lost unsynced, and still there.
struct HintCountCheck {
    let mirror: ReplicaMirror
    /// What all nodes say they keep.
    let pending: Int

    func run() -> Finding? {
        let expected =
            mirror.hintsKept + mirror.hintsReturned - mirror.hintsReleased - mirror.hintsLost
        if expected == pending { return nil }
        return Finding(
            .hintsConserved,
            "\(mirror.hintsKept) hints were kept and \(mirror.hintsReturned) came back, "
                + "\(mirror.hintsReleased) were let go and \(mirror.hintsLost) lost unsynced, and "
                + "\(pending) are counted as pending"
        )
    }
}
