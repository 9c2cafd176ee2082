// All that a node tells of itself, read once: what the table of gauges, and so INFO, STATUS and
// every export of metrics, is made from.
package import MartletBase
package import MartletNode

internal import MartletAntiEntropy

/// A node's condition and its process.
package struct NodeFigures: Sendable {
    /// Its condition, with the facts about its process.
    package internal(set) var status: StatusView
    /// Its process.
    package let process: ProcessFigures
    let ages: WatermarkAges

    /// The figures of the shard that `core` is, and of what runs on its loop.
    package init(
        _ core: NodeCore, process: ProcessFigures, clients: StatusView.Clients?, at now: Moment
    ) {
        let ages = core.watermarkAges(at: now.wall)
        self.init(
            StatusView(core, settled: SettledView(ages), clients: clients, at: now), process, ages)
    }

    /// The figures of a node, of those of all its shards; there is one at least.
    package init(joining shards: [NodeFigures]) {
        var (status, process, ages) = (shards[0].status, shards[0].process, shards[0].ages)
        for shard in shards.dropFirst() {
            status.join(shard.status)
            process.join(shard.process)
            ages.join(shard.ages)
        }
        status.settled = SettledView(ages)
        self.init(status, process, ages)
    }

    init(_ status: StatusView, _ process: ProcessFigures, _ ages: WatermarkAges) {
        self.status = status
        self.process = process
        self.ages = ages
        self.status.process = GaugeTable.process.flatMap { $0.fields(self) }
            .map { StatusView.Fact(name: $0.name, value: $0.value) }
    }

    /// What `section` says, in the table's order.
    package func fields(of section: Gauge.Section) -> [(name: String, value: String)] {
        GaugeTable.rows.filter { $0.section == section }.flatMap { $0.fields(self) }
    }
}
