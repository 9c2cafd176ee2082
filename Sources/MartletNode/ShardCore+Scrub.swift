// The pace at which a node reads its tables back to see whether they still can be: what nobody asks
// for would else rot unseen, until its other copies are gone too.
internal import MartletBase
internal import MartletStorage

extension ShardCore {
    /// The shortest time between two tables, however small.
    private static let pauseLimit = Duration.seconds(10)

    /// Has the next table checked when it is due.
    mutating func scrub(at now: Instant) {
        guard scrubRate > 0 else { return }
        if nextScrub == .never {
            nextScrub = now + Self.pauseLimit
        } else if now >= nextScrub {
            let seconds = engine.scrub() / scrubRate
            nextScrub = now + max(Self.pauseLimit, .seconds(seconds))
        }
    }
}
