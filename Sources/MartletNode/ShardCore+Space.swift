// The room on the node's disk: measured every second, told when clients' values begin or cease to
// be refused for want of it.
internal import MartletBase
internal import MartletStorage

extension ShardCore {
    /// How often the room is measured: what clients write in between is little beside the reserve.
    private static let measureInterval = Duration.seconds(1)

    /// Has the room measured when that is due.
    mutating func measureSpace(at now: Instant) {
        guard nextMeasure == .never || now >= nextMeasure else { return }
        engine.measure()
        nextMeasure = now + Self.measureInterval
    }

    mutating func noteSpace(into work: inout Work) {
        let refusal = engine.reserveRefusal
        guard (refusal != nil) != isShortOfSpace else { return }
        isShortOfSpace = refusal != nil
        work.note(.valuesRefused(refusal))
    }
}
