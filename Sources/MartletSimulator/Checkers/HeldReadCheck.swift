// A read shows what enough homes hold, whether its write was acknowledged or not: where the homes
// that held a version as the read began, and the homes that answer, are together more than n, one
// does both. So of two reads, one after the other, the second does not go back behind the first for
// a version that has reached so many homes, through whichever node they are made.
internal import MartletBase
internal import MartletVersions

/// A version, and the homes that held it when a read began.
struct HeldAtHomes {
    let place: Int
    let homes: [Int]
}

/// Checks an answer against what homes held when the read began.
struct HeldReadCheck {
    let floor: ReadFloor
    /// How many homes have answered.
    let homesMet: Int
    let key: Int
    let losses: Losses
    let began: Instant

    /// The places of the versions that the read is bound to cover.
    var bound: [Int] {
        floor.held.filter { version in
            let keepers = version.homes.count { losses.spared($0, since: began) }
            return keepers + homesMet > floor.homes.count
        }.map(\.place)
    }

    /// `places` are those of the siblings, as far as these were issued for the key.
    func run(_ object: Object, places: [Int], bound: [Int], history: History) -> Finding? {
        if bound.isEmpty { return nil }
        let held = history.held(places, key: key, against: bound)
        let missing = bound.first { !held.covers($0) && !history.isBuried($0, key: key) }
        guard let place = missing else { return nil }
        return Finding(
            .readsShowHeld,
            "a read of key \(key) shows \(object.dots), and \(history.lineages[key].dots[place]) "
                + "was at homes that it must have met when it began")
    }
}
