// How many homes of one partition a zone may hold, so that they are spread over as many zones as
// there are. Weights play no part here.

/// The bounds for each zone: the homes of a partition go to zones as evenly as their sizes permit.
///
/// With at least as many zones as homes the bounds are 0 and 1. With fewer, homes are poured into
/// the zones level by level: a zone smaller than the level is full, every other holds the level or
/// one less.
struct ZoneSpread {
    /// The fewest homes of a partition in each zone.
    let fewest: [Int]
    /// The most homes of a partition in each zone; `fewest` or one more.
    let most: [Int]

    /// The bounds for `homes` homes over zones of these sizes, which hold that many members or
    /// more.
    init(homes: Int, zoneSizes: [Int]) {
        var level = 1
        while zoneSizes.reduce(0, { $0 + min($1, level) }) < homes { level += 1 }
        fewest = zoneSizes.map { min($0, level - 1) }
        most = zoneSizes.map { min($0, level) }
    }
}
