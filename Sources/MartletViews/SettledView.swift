// How far watermarks lie back. Ages are milliseconds before the answer.
package import MartletAntiEntropy

/// How far the watermarks of one node's home partitions lie back: how long ago everything older was
/// proven to be the same on all homes.
package struct SettledView: Codable, Hashable, Sendable {
    /// Partitions that the node is a home of.
    package var partitions: Int
    /// Those of which nothing is proven yet; the ages leave them out.
    package var unproven: Int
    /// Those in which the node has lost data and is not yet found equal to all other homes.
    package var doubted: Int
    /// The age of the latest watermark; nil while nothing is proven.
    package var leastAge: UInt64?
    /// The age in the middle.
    package var medianAge: UInt64?
    /// The age of the earliest.
    package var mostAge: UInt64?

    /// The watermarks of `partitions`, of none of which an age is known yet.
    package init(partitions: Int, unproven: Int, doubted: Int) {
        self.partitions = partitions
        self.unproven = unproven
        self.doubted = doubted
    }
}

extension SettledView {
    /// The watermarks of a node, of which all shards have been asked.
    package init(_ ages: WatermarkAges) {
        partitions = ages.partitions
        unproven = ages.unproven
        doubted = ages.doubted
        leastAge = ages.least
        medianAge = ages.median
        mostAge = ages.most
    }
}
