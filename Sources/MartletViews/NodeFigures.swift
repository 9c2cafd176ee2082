// All that a node tells of itself, read once: what the table of gauges, and so INFO, STATUS and
// every export of metrics, is made from.
package import MartletBase
package import MartletNode

/// A node's condition and its process.
package struct NodeFigures: Sendable {
    /// Its condition, with the facts about its process.
    package internal(set) var status: StatusView
    /// Its process.
    package let process: ProcessFigures

    /// The figures of the node that `core` is.
    package init(
        _ core: NodeCore, process: ProcessFigures, clients: StatusView.Clients?, at now: Moment
    ) {
        self.init(StatusView(core, clients: clients, at: now), process)
    }

    init(_ status: StatusView, _ process: ProcessFigures) {
        self.status = status
        self.process = process
        self.status.process = GaugeTable.process.flatMap { $0.fields(self) }
            .map { StatusView.Fact(name: $0.name, value: $0.value) }
    }

    /// What `section` says, in the table's order.
    package func fields(of section: Gauge.Section) -> [(name: String, value: String)] {
        GaugeTable.rows.filter { $0.section == section }.flatMap { $0.fields(self) }
    }
}
