// What a read is bound to show, and must not show. Both follow from the homes that it met: where
// more homes than n hold a write or answer the read, one does both. Stand-ins are not counted, nor
// are homes that have lost what they had not synced: there the contract promises nothing.
//
//     homes that keep the write + homes that answered > n   ⇒   the read covers it
//     all n homes have seen a delete, and a home answered   ⇒   what it removed is gone
internal import MartletBase
internal import MartletVersions
internal import MartletWire

/// What was settled of a key when a read of it began.
struct ReadFloor {
    /// The homes that may take part.
    var homes: [Int]
    /// The acknowledged writes that the read is held against.
    var writes: [Acknowledgement]
    /// The places of deletes that every one of the homes had seen.
    var deletes: [Int]
    /// The versions that the homes held.
    var held: [HeldAtHomes]

    /// How many of the latest deletes of a key are looked at.
    static let deleteLimit = 4
}

/// Checks an answer against what was settled when the read began.
struct ReadCheck {
    let floor: ReadFloor
    /// How many homes have answered, as far as the request and the evidence prove it.
    let homesMet: Int
    let key: Int
    let losses: Losses
    let began: Instant

    /// The writes that the read is bound to cover.
    func bound(_ history: History) -> [Acknowledgement] {
        floor.writes.filter {
            $0.keepers(among: floor.homes, losses, history) + homesMet > floor.homes.count
        }
    }

    /// Whether the deletes bind the read.
    var isBoundByDeletes: Bool {
        homesMet > 0 && !floor.deletes.isEmpty
            && floor.homes.allSatisfy { losses.spared($0, since: began) }
    }

    /// `places` are those of the siblings, as far as these were issued for the key.
    func run(
        _ object: Object, places: [Int], bound: [Acknowledgement], history: History
    ) -> Finding? {
        let held = history.held(places, key: key, against: bound.map(\.place))
        for write in bound
        where !held.covers(write.place) && !history.isBuried(write.place, key: key) {
            return Finding(
                .readsSeeWrites,
                "a read of key \(key) shows \(object.dots), and write w\(write.operation), "
                    + "\(write.dot), was acknowledged before it at "
                    + "\(EventLog.seconds(write.at))s by homes that it must have met")
        }
        guard isBoundByDeletes else { return nil }
        let lineage = history.lineages[key]
        let values = object.siblings.filter { $0.content != .tombstone }.map(\.dot)
        let places = history.places(of: values, key: key)
        let deleted = lineage.ancestry(of: floor.deletes, since: places.min() ?? .max)
        guard let place = places.first(where: deleted.contains) else { return nil }
        return Finding(
            .deletedStaysDeleted,
            "a read of key \(key) shows \(lineage.dots[place]), which had been deleted at all homes"
        )
    }
}
